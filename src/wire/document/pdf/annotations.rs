//! What lies on a page: fields of forms, notes, stamps, by the form that each has for its looks (ISO 32000-1, 12.5).

use lopdf::{Dictionary, Object, Stream};

use super::content::matrix;
use super::matrix::Matrix;
use super::objects::Objects;

/// Flags of annotations that nobody sees: hidden, and not viewed.
const UNSEEN: i64 = 2 | 32;

/// The forms of a page's annotations, and where each goes in the page's space.
pub fn looks<'a>(objects: Objects<'a>, page: &'a Dictionary) -> Vec<(&'a Stream, Matrix)> {
    let annotations = objects.array(page, b"Annots").unwrap_or_default();
    annotations.iter().filter_map(|annotation| look(objects, objects.follow_to(annotation)?)).collect()
}

fn look<'a>(objects: Objects<'a>, annotation: &'a Dictionary) -> Option<(&'a Stream, Matrix)> {
    let flags = objects.get(annotation, b"F").and_then(|flags| flags.as_i64().ok()).unwrap_or_default();
    if flags & UNSEEN != 0 || objects.name(annotation, b"Subtype") == Some(b"Popup") {
        return None;
    }
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
    let scale = |from: f64, to: f64, a: f64, b: f64| if to > from { (a - b).abs() / (to - from) } else { 1.0 };
    let (wide, tall) = (scale(left, right, rect[0], rect[2]), scale(low, high, rect[1], rect[3]));
    let (x, y) = (rect[0].min(rect[2]) - left * wide, rect[1].min(rect[3]) - low * tall);
    Some((form, own.then(&Matrix([wide, 0.0, 0.0, tall, x, y]))))
}
