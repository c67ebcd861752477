//! The tree of pages: their order, and what they inherit (ISO 32000-1, 7.7.3).

use std::collections::HashSet;

use lopdf::{Dictionary, Object};

use super::matrix::Matrix;
use super::objects::Objects;

/// The deepest tree; real ones have a handful of levels.
const DEPTH: usize = 64;

#[derive(Debug, Clone, Copy)]
pub struct Leaf<'a> {
    pub page: &'a Dictionary,
    pub resources: Option<&'a Dictionary>,
    media: [f64; 4],
    turns: i64,
}

/// A sheet that says nothing of its size.
const LETTER: [f64; 4] = [0.0, 0.0, 612.0, 792.0];

/// The pages in order, as many as `most`, and whether there are more.
pub fn leaves(objects: Objects<'_>, most: usize) -> (Vec<Leaf<'_>>, bool) {
    let mut found = Vec::new();
    let root = objects.document.catalog().ok().and_then(|catalog| objects.dictionary(catalog, b"Pages"));
    let Some(root) = root else { return (found, false) };
    let top = Leaf { page: root, resources: None, media: LETTER, turns: 0 };
    let mut seen = HashSet::from([std::ptr::from_ref(root)]);
    let mut path = vec![(inherit(objects, top, root), kids(objects, root), 0)];
    while let Some((above, kids, next)) = path.last_mut() {
        let Some(kid) = kids.get(*next) else {
            path.pop();
            continue;
        };
        *next += 1;
        let Some(kid) = objects.follow_to(kid).filter(|kid| seen.insert(std::ptr::from_ref(*kid))) else {
            continue;
        };
        let leaf = inherit(objects, *above, kid);
        if objects.array(kid, b"Kids").is_some() {
            if path.len() < DEPTH {
                path.push((leaf, self::kids(objects, kid), 0));
            }
        } else if found.len() == most {
            return (found, true);
        } else {
            found.push(leaf);
        }
    }
    (found, false)
}

fn kids<'a>(objects: Objects<'a>, node: &'a Dictionary) -> &'a [Object] {
    objects.array(node, b"Kids").unwrap_or_default()
}

fn inherit<'a>(objects: Objects<'a>, above: Leaf<'a>, page: &'a Dictionary) -> Leaf<'a> {
    let media = objects.numbers(page, b"MediaBox").and_then(|numbers| <[f64; 4]>::try_from(numbers).ok());
    let media = media.map(|[a, b, c, d]| [a.min(c), b.min(d), a.max(c), b.max(d)]);
    let media = media.filter(|[left, low, right, high]| right > left && high > low);
    let turns = objects.number(page, b"Rotate");
    let turns = turns.map(|degrees| (degrees / 90.0) as i64);
    Leaf {
        page,
        resources: objects.dictionary(page, b"Resources").or(above.resources),
        media: media.unwrap_or(above.media),
        turns: turns.unwrap_or(above.turns),
    }
}

impl Leaf<'_> {
    /// Width and height as the page is looked at, and where a point of its space is: from the upper left, y downwards.
    pub fn view(&self) -> (f64, f64, Matrix) {
        let [left, low, right, high] = self.media;
        let (width, height) = (right - left, high - low);
        match self.turns.rem_euclid(4) {
            0 => (width, height, Matrix([1.0, 0.0, 0.0, -1.0, -left, high])),
            1 => (height, width, Matrix([0.0, 1.0, 1.0, 0.0, -low, -left])),
            2 => (width, height, Matrix([-1.0, 0.0, 0.0, 1.0, right, -low])),
            _ => (height, width, Matrix([0.0, -1.0, -1.0, 0.0, high, right])),
        }
    }

    /// The page's content: all its streams, as one; and whether all could be read.
    pub fn content(&self, objects: Objects<'_>) -> (Vec<u8>, bool) {
        let streams = match objects.get(self.page, b"Contents") {
            Some(Object::Array(streams)) => streams.iter().map(|stream| objects.follow(stream)).collect(),
            Some(stream) => vec![stream],
            None => Vec::new(),
        };
        let (mut content, mut whole) = (Vec::new(), true);
        for stream in streams.iter().filter_map(|stream| stream.as_stream().ok()) {
            match objects.bytes(stream) {
                Some(bytes) if content.len() + bytes.len() <= objects.stream => {
                    content.extend(bytes);
                    content.push(b'\n');
                }
                _ => whole = false,
            }
        }
        (content, whole)
    }
}
