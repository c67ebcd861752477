//! The state on disk: the only place that names sled.
