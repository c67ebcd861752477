//! Bytes to domain and back, for every outside API and file format; pure.
