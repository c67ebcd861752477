//! The number type of the weights: blocks of eight-bit values that share a scale.

/// Values of one block, which share a scale.
pub const BLOCK: usize = 32;

/// The bytes of `Q8_0` blocks, rounded as ggml's reference does: the largest magnitude becomes 127, halves go away
/// from zero, the scale is kept as `f16`.
pub fn quantise(values: &[f32]) -> Vec<u8> {
    let mut out = Vec::with_capacity(values.len() / BLOCK * 34);
    for block in values.as_chunks::<BLOCK>().0 {
        let most = block.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let scale = most / 127.0;
        let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
        out.extend(half::f16::from_f32(scale).to_le_bytes());
        out.extend(block.iter().map(|x| (x * inverse).round() as i8).map(i8::cast_unsigned));
    }
    out
}
