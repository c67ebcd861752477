//! What lies on a page: fields of forms, notes, stamps, by the form that each has for its looks (ISO 32000-1, 12.5).

use lopdf::{Dictionary, Object, Stream};

use super::content::matrix;
use super::lex::{Lexer, Token};
use super::marked::written;
use super::matrix::Matrix;
use super::objects::Objects;

/// Flags of annotations that nobody sees: hidden, and not viewed.
const UNSEEN: i64 = 2 | 32;

/// How an annotation looks.
pub enum Look<'a> {
    /// A form, and where it goes in the page's space.
    Form(&'a Stream, Matrix),
    /// The value of a field whose looks are for the reader to make: where it starts, how wide and how high it is.
    Value(Vec<char>, (f64, f64), (f64, f64)),
}

/// What lies on a page.
pub fn looks<'a>(objects: Objects<'a>, page: &'a Dictionary) -> Vec<Look<'a>> {
    let annotations = objects.array(page, b"Annots").unwrap_or_default();
    let form = objects.document.catalog().ok().and_then(|catalog| objects.dictionary(catalog, b"AcroForm"));
    let make =
        form.and_then(|form| objects.get(form, b"NeedAppearances")?.as_bool().ok()).unwrap_or_default();
    let look = |annotation| {
        let annotation = objects.follow_to(annotation).filter(|annotation| is_seen(objects, annotation))?;
        let value = if make { value(objects, annotation) } else { None };
        value.or_else(|| look(objects, annotation))
    };
    annotations.iter().filter_map(look).collect()
}

fn is_seen(objects: Objects<'_>, annotation: &Dictionary) -> bool {
    let flags = objects.get(annotation, b"F").and_then(|flags| flags.as_i64().ok()).unwrap_or_default();
    flags & UNSEEN == 0 && objects.name(annotation, b"Subtype") != Some(b"Popup")
}

/// What a field or those above it have.
fn inherited<'a>(objects: Objects<'a>, field: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    let above = |field: &&'a Dictionary| objects.dictionary(field, b"Parent");
    std::iter::successors(Some(field), above).take(8).find_map(|field| objects.get(field, key))
}

fn value<'a>(objects: Objects<'a>, field: &'a Dictionary) -> Option<Look<'a>> {
    if !matches!(inherited(objects, field, b"FT")?.as_name(), Ok(b"Tx" | b"Ch")) {
        return None;
    }
    let text = written(inherited(objects, field, b"V")?.as_str().ok()?);
    let [left, low, right, high] = <[f64; 4]>::try_from(objects.numbers(field, b"Rect")?).ok()?;
    let (width, height) = (right - left, high - low);
    let told = inherited(objects, field, b"DA").and_then(|told| told.as_str().ok()).unwrap_or_default();
    let told: Vec<Token> = Lexer::new(told).take(32).collect();
    let told = told.windows(2).find_map(|pair| match pair {
        [Token::Number(size), Token::Word(word)] if word == b"Tf" && *size > 0.0 => Some(*size),
        _ => None,
    });
    let size = told.unwrap_or((height * 0.7).min(12.0));
    let wide = (text.len() as f64 * size / 2.0).min(width);
    let start = (left + 2.0, low + (height - size) / 2.0 + size / 4.0);
    Some(Look::Value(text, start, (wide, size))).filter(|_| width > 0.0 && height > 0.0)
}

fn look<'a>(objects: Objects<'a>, annotation: &'a Dictionary) -> Option<Look<'a>> {
    let form = match objects.get(objects.dictionary(annotation, b"AP")?, b"N")? {
        Object::Stream(form) => form,
        Object::Dictionary(states) => objects.stream(states, objects.name(annotation, b"AS")?)?,
        _ => return None,
    };
    let rect = <[f64; 4]>::try_from(objects.numbers(annotation, b"Rect")?).ok()?;
    let bounds = <[f64; 4]>::try_from(objects.numbers(&form.dict, b"BBox")?).ok()?;
    let own = matrix(objects, &form.dict);
    let corners = [(0, 1), (0, 3), (2, 1), (2, 3)].map(|(x, y)| own.point(bounds[x], bounds[y]));
    let least = |of: fn(&(f64, f64)) -> f64| corners.iter().map(of).fold(f64::MAX, f64::min);
    let most = |of: fn(&(f64, f64)) -> f64| corners.iter().map(of).fold(f64::MIN, f64::max);
    let (left, right) = (least(|corner| corner.0), most(|corner| corner.0));
    let (low, high) = (least(|corner| corner.1), most(|corner| corner.1));
    let scale =
        |from: f64, to: f64, a: f64, b: f64| if to > from { (a - b).abs() / (to - from) } else { 1.0 };
    let (wide, tall) = (scale(left, right, rect[0], rect[2]), scale(low, high, rect[1], rect[3]));
    let (x, y) = (rect[0].min(rect[2]) - left * wide, rect[1].min(rect[3]) - low * tall);
    Some(Look::Form(form, own.then(&Matrix([wide, 0.0, 0.0, tall, x, y]))))
}
