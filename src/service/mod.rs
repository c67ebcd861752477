//! What the program can do; `invoke` is the only caller of a provider.
