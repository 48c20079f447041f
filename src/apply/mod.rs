//! The only room that changes a portal.
