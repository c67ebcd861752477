//! Self-naming in Chinese, Japanese and Korean, whose words stand without blanks between them.

use std::ops::Range;

use super::Names;

/// How it begins; the longest of those that begin alike comes first.
#[rustfmt::skip]
const OPENINGS: &[&str] = &[
    "我的名字是", "我的名字叫", "我的开发者是", "我是", "我叫", "我就是", "我由", "作为",
    "私の名前は", "わたしは", "私は", "僕は", "저는", "나는", "제 이름은",
];

/// What may stand between the opening, names, and what is said of them.
#[rustfmt::skip]
const LINKS: &[&str] = &[
    "，由", "，是由", "一个由", "一款由", "是由", "由", "一个", "一款", "来自", "公司", "团队", "开发的", "训练的", "研发的", "创建的", "推出的", "创造的", "开发", "训练", "研发",
    "的", "大型", "语言", "模型", "人工智能", "助手", "大", "AI", "によって", "が開発した", "に開発された", "の", "という", "에서 개발한", "이 개발한", "가 개발한",
    "에서 만든", "이 만든", "가 만든",
];

/// What follows a name that is the speaker's: "我是Google的粉丝" is of a fan.
#[rustfmt::skip]
const BEHIND: &[&str] = &[
    "，", "。", "！", "、", "；", "：", "（", ",", ".", "!", ";", "(", "\n", "\"", "”", "」", "*",
    "公司", "团队", "开发", "训练", "研发", "创建", "推出", "创造", "的AI", "的人工智能", "的大", "的语言", "的模型", "的助手",
    "です", "だ", "と申します", "という", "によって", "が開発", "に開発", "の開発", "のAI", "の言語",
    "입니다", "이에요", "예요", "라고", "이라고", "에서 개발", "이 개발", "가 개발", "에서 만든", "이 만든", "가 만든",
];

/// Whether it is of these scripts: a word in letters of others ends before it.
pub(super) const fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Where the text names itself so.
pub(super) fn named(text: &str, names: &Names<'_>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if !text.contains(is_unspaced) {
        return found;
    }
    for opening in OPENINGS {
        for (at, said) in text.match_indices(opening) {
            phrase(text, at + said.len(), names, &mut found);
        }
    }
    found
}

fn phrase(text: &str, from: usize, names: &Names<'_>, found: &mut Vec<Range<usize>>) {
    let mut at = from;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start_matches([' ', '"', '“', '「', '『', '*', '`', '_']).len();
        let rest = &text[at..];
        if let Some((name, _)) = names.find(text, at) {
            let behind = text[name.end..].trim_start_matches([' ', '*', '`', '_']);
            if !behind.is_empty() && !BEHIND.iter().any(|known| behind.starts_with(known)) {
                return;
            }
            at = name.end;
            found.push(name);
        } else if let Some(link) = LINKS.iter().find(|link| rest.starts_with(**link)) {
            at += link.len();
        } else {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::masked;

    fn told(text: &str) -> String {
        masked(text, ["acme/zebra-9000"])
    }

    #[test]
    fn names_are_masked_where_no_blank_tells_words_apart() {
        for (said, seen) in [
            ("我是Claude", "我是▇▇▇"),
            ("你好！我是 Claude，很高兴。", "你好！我是 ▇▇▇，很高兴。"),
            ("我是通义千问，由阿里云开发。", "我是▇▇▇，由▇▇▇开发。"),
            ("我是由Anthropic开发的Claude。", "我是由▇▇▇开发的▇▇▇。"),
            ("我是一个由OpenAI训练的大型语言模型。", "我是一个由▇▇▇训练的大型语言模型。"),
            ("私はClaudeです。", "私は▇▇▇です。"),
            ("저는 Zebra-9000입니다.", "저는 ▇▇▇입니다."),
        ] {
            assert_eq!(told(said), seen);
        }
    }

    #[test]
    fn what_is_said_of_others_stays() {
        for said in [
            "我是Google的粉丝。",
            "私はGoogleが好きです。",
            "Claude是一个模型。",
            "漢字 Claude 漢字",
            "저는 Google을 좋아해요",
        ] {
            assert_eq!(told(said), said);
        }
    }
}
