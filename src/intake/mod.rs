//! Restore file -> rows. Knows nothing of the portal but the schema it is handed.
