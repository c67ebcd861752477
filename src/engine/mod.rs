//! The local engine: the only place that names candle.
