//! The one conversion that a model goes through when it is pulled: into the form that the engine runs.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use candle_core::Device;
use candle_core::quantized::GgmlDType;
use candle_core::quantized::ggml_file::qtensor_from_ggml;
use outcrop_kernel::quantise;
use sha2::{Digest, Sha256};

use super::gguf::{Header, Kind, Tensor, tensor_bytes};
use super::{backend, foreign, model};
use crate::domain::catalog::Backend;
use crate::domain::hex::hex;
use crate::domain::{Error, Result};

/// Alignment of tensors in what we write: the format's default.
const ALIGN: u64 = 32;
/// `general.file_type` of a file whose weights are mostly `Q8_0`.
const MOSTLY_Q8_0: u32 = 7;

/// What a conversion wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal. The same input gives the same digest on every machine.
    pub sha256: String,
}

/// Writes the model at `from` to `to` in the form that the engine runs: matrices as `Q8_0`, vectors as `F32`, all
/// metadata as it was. `on_progress(done, total)` counts bytes read; an error of it ends the work. The
/// file appears whole or not at all.
pub fn convert(
    from: &Path,
    to: &Path,
    on_progress: &mut dyn FnMut(u64, u64) -> Result<()>,
) -> Result<Converted> {
    let doing = format!("converting the model {}", from.display());
    let (header, mut source) = Header::open(from)?;
    backend::choose(&header, Some(Backend::Own), &doing)?;
    let part = part_of(to);
    let written = write(&header, &mut source, &part, &doing, on_progress)
        .and_then(|converted| {
            fs::rename(&part, to).map_err(|e| Error::io(&doing, &e))?;
            Ok(converted)
        })
        .inspect_err(|_| drop(fs::remove_file(&part)))?;
    if let Some(folder) = to.parent()
        && let Ok(folder) = File::open(folder)
    {
        folder.sync_all().map_err(|e| Error::io(&doing, &e))?;
    }
    Ok(written)
}

fn part_of(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".converting");
    to.with_file_name(name)
}

fn write(
    header: &Header,
    source: &mut File,
    part: &Path,
    doing: &str,
    on_progress: &mut dyn FnMut(u64, u64) -> Result<()>,
) -> Result<Converted> {
    let io = |e: std::io::Error| Error::io(doing, &e);
    let mut out = Hashed { to: BufWriter::new(create(part).map_err(io)?), sha: Sha256::new(), bytes: 0 };
    out.write_all(b"GGUF").map_err(io)?;
    out.write_all(&3_u32.to_le_bytes()).map_err(io)?;
    out.write_all(&(header.tensors.len() as u64).to_le_bytes()).map_err(io)?;
    let kept = || header.entries.iter().filter(|e| e.key != "general.alignment");
    out.write_all(&(kept().count() as u64).to_le_bytes()).map_err(io)?;
    for entry in kept() {
        let raw = header.raw(entry);
        if entry.key == "general.file_type" && raw.len() > 4 {
            out.write_all(&raw[..raw.len() - 4]).map_err(io)?;
            out.write_all(&MOSTLY_Q8_0.to_le_bytes()).map_err(io)?;
        } else {
            out.write_all(raw).map_err(io)?;
        }
    }
    let mut offset = 0_u64;
    for tensor in &header.tensors {
        let kind = model::form(tensor);
        out.write_all(&(tensor.name.len() as u64).to_le_bytes()).map_err(io)?;
        out.write_all(tensor.name.as_bytes()).map_err(io)?;
        out.write_all(&(tensor.dims.len() as u32).to_le_bytes()).map_err(io)?;
        for dim in &tensor.dims {
            out.write_all(&dim.to_le_bytes()).map_err(io)?;
        }
        out.write_all(&kind.code().to_le_bytes()).map_err(io)?;
        out.write_all(&offset.to_le_bytes()).map_err(io)?;
        let bytes = kind.bytes(tensor.dims.iter().product()).unwrap_or(0);
        offset += bytes.next_multiple_of(ALIGN);
    }
    let total = header.tensors.iter().map(|t| t.bytes).sum();
    let mut done = 0;
    for tensor in &header.tensors {
        out.pad().map_err(io)?;
        let raw = tensor_bytes(source, tensor).map_err(io)?;
        let kind = model::form(tensor);
        if kind == tensor.kind {
            out.write_all(&raw).map_err(io)?;
        } else {
            let wide = widen(tensor, &raw, doing)?;
            let narrow = match kind {
                Kind::Q8_0 => quantise(&wide),
                _ => wide.iter().flat_map(|x| x.to_le_bytes()).collect(),
            };
            out.write_all(&narrow).map_err(io)?;
        }
        done += tensor.bytes;
        on_progress(done, total)?;
    }
    out.pad().map_err(io)?;
    out.to.flush().map_err(io)?;
    out.to.get_ref().sync_all().map_err(io)?;
    let sha256 = hex(&out.sha.finalize());
    Ok(Converted { bytes: out.bytes, sha256 })
}

/// Makes the file afresh, for its owner alone. A link left at that name is taken away, not followed.
fn create(part: &Path) -> std::io::Result<File> {
    if fs::symlink_metadata(part).is_ok() {
        fs::remove_file(part)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(part)
}

/// Counts and digests what it passes on.
struct Hashed {
    to: BufWriter<File>,
    sha: Sha256,
    bytes: u64,
}

impl Hashed {
    fn pad(&mut self) -> std::io::Result<()> {
        let gap = self.bytes.next_multiple_of(ALIGN) - self.bytes;
        self.write_all(&[0; ALIGN as usize][..gap as usize])
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sha.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// A tensor's values as `f32`.
pub(super) fn widen(tensor: &Tensor, raw: &[u8], doing: &str) -> Result<Vec<f32>> {
    if tensor.kind == Kind::F32 {
        return Ok(raw.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect());
    }
    let dtype = match tensor.kind {
        Kind::F32 => GgmlDType::F32,
        Kind::F16 => GgmlDType::F16,
        Kind::Bf16 => GgmlDType::BF16,
        Kind::Q4_0 => GgmlDType::Q4_0,
        Kind::Q4_1 => GgmlDType::Q4_1,
        Kind::Q5_0 => GgmlDType::Q5_0,
        Kind::Q5_1 => GgmlDType::Q5_1,
        Kind::Q8_0 => GgmlDType::Q8_0,
        Kind::Q2K => GgmlDType::Q2K,
        Kind::Q3K => GgmlDType::Q3K,
        Kind::Q4K => GgmlDType::Q4K,
        Kind::Q5K => GgmlDType::Q5K,
        Kind::Q6K => GgmlDType::Q6K,
        Kind::Foreign(_) => return Err(foreign::refusal(tensor, doing)),
    };
    let elements = tensor.dims.iter().product::<u64>() as usize;
    qtensor_from_ggml(dtype, raw, vec![elements], &Device::Cpu)
        .and_then(|t| t.dequantize(&Device::Cpu))
        .and_then(|t| t.to_vec1())
        .map_err(|why| Error::internal(doing, format!("tensor {:?}: {why}", tensor.name)))
}
