//! Cutting texts into passages by exact tokens.

use std::hint::black_box;
use std::time::Instant;

use outcrop::domain::knowledge::chunking::{Chunking, Plan, Text, Tokens};
use outcrop::engine::Tokeniser;

use super::encoder;

/// Cutting a text by exact tokens, against tokenising it alone.
pub fn cut() {
    let Some(path) = encoder() else {
        eprintln!("skipped: cutting; OUTCROP_TEST_ENCODER names the encoder's safetensors file");
        return;
    };
    let tokeniser = Tokeniser::of(&path).unwrap();
    let plain = tokenizers::Tokenizer::from_file(path.with_file_name("tokenizer.json")).map(|mut plain| {
        plain.with_padding(None);
        plain.with_truncation(None).unwrap();
        plain
    });
    let plain = plain.unwrap();
    let text = super::TEXT.repeat(20);
    let megabytes = text.len() as f64 / 1e6;
    let best = |mut work: Box<dyn FnMut() + '_>| {
        let mut time = || {
            let now = Instant::now();
            work();
            now.elapsed()
        };
        (0..5).map(|_| time()).min().unwrap_or_default().as_secs_f64()
    };
    let encode = best(Box::new(|| drop(black_box(plain.encode(text.as_str(), false).unwrap()))));
    let parts = best(Box::new(|| {
        for line in text.split_inclusive('\n') {
            black_box(plain.encode(line, false).unwrap());
        }
    }));
    let places = best(Box::new(|| drop(black_box(tokeniser.places(&text).unwrap()))));
    let all = best(Box::new(|| {
        let tokens = Tokens::new(tokeniser.places(&text).unwrap());
        let Plan::Cut(cuts) = Chunking::Default
            .plan(Text { text: &text, tokens: &tokens, sections: &[], headers: &[] })
            .unwrap()
        else {
            return;
        };
        black_box(cuts);
    }));
    let speed = |seconds: f64| megabytes / seconds;
    println!(
        "{megabytes:.1} MB of Markdown, one thread, MB/s: tokenizers' encode {:.2}, line by line {:.2};",
        speed(encode),
        speed(parts)
    );
    println!(
        "    places of tokens {:.2}, cut into passages {:.2}: {:.2}x of encode",
        speed(places),
        speed(all),
        encode / all
    );
}
