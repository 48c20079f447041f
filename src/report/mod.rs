//! Finished facts -> files and text; decides nothing.
