//! Content streams: the operators that show text, and those that move it (ISO 32000-1, 8 and 9).
//!
//! Never here: what becomes of the glyphs (`layout`), and what fonts say of them (`font`).

use std::collections::HashMap;
use std::rc::Rc;

use lopdf::{Dictionary, Object};

use super::font::Font;
use super::layout::{Glyph, Page, Style};
use super::lex::{Lexer, Token};
use super::marked::{Marked, written};
use super::matrix::Matrix;
use super::objects::{Objects, number};

/// More operands than this in front of one operator are dropped; arrays are one.
const OPERANDS: usize = 64;
/// The most that `q` nests.
const SAVED: usize = 512;

#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Operand>),
    /// Keys and values one after another.
    Dictionary(Vec<Operand>),
    Other,
}

#[derive(Debug, Clone)]
struct State {
    to_page: Matrix,
    font: Option<(usize, Rc<Font>)>,
    size: f64,
    char_space: f64,
    word_space: f64,
    scale: f64,
    leading: f64,
    rise: f64,
}

/// What is read so far, over all pages.
pub struct Reader<'a> {
    pub objects: Objects<'a>,
    /// How deep forms may lie in each other, and how many operations may be done in all.
    depth: usize,
    operations: usize,
    fonts: HashMap<*const Dictionary, (usize, Rc<Font>)>,
    /// Layers that are not shown.
    hidden: Vec<*const Dictionary>,
    /// Seen on the page that was read last.
    pub pictures: bool,
    /// Whether forms lie deeper than they may.
    pub deep: bool,
    /// Glyphs of no known meaning.
    pub unknown: usize,
}

/// One content stream at work.
struct Run<'a> {
    resources: Option<&'a Dictionary>,
    state: State,
    saved: Vec<State>,
    /// From the space of the text to the content's, by the last `Tm`.
    text: Matrix,
    /// Where the line began, in the text's space, and where the next glyph goes, in the content's. (Kept apart, and
    /// combined in the order of other readers: what lies on the very bound of a rule falls on their side then.)
    line: (f64, f64),
    place: (f64, f64),
}

impl<'a> Reader<'a> {
    pub fn new(objects: Objects<'a>, depth: usize, operations: usize) -> Self {
        let hidden = super::marked::hidden(objects);
        let fonts = HashMap::new();
        Self { objects, depth, operations, fonts, hidden, pictures: false, deep: false, unknown: 0 }
    }

    /// Whether the bound on operations was met.
    pub fn spent(&self) -> bool {
        self.operations == 0
    }

    /// Shows content onto a page.
    pub fn show(
        &mut self,
        content: &[u8],
        resources: Option<&'a Dictionary>,
        to_page: Matrix,
        page: &mut Page,
    ) {
        let state = State {
            to_page,
            font: None,
            size: 0.0,
            char_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        self.run(content, resources, state, page, &mut Marked::default(), 0);
    }

    fn run(
        &mut self,
        content: &[u8],
        resources: Option<&'a Dictionary>,
        state: State,
        page: &mut Page,
        marked: &mut Marked,
        depth: usize,
    ) {
        let nowhere = (0.0, 0.0);
        let mut run =
            Run { resources, state, saved: Vec::new(), text: Matrix::SAME, line: nowhere, place: nowhere };
        let mut lexer = Lexer::new(content);
        let mut operands = Vec::new();
        let open = marked.depth();
        while let Some(token) = lexer.next() {
            if self.operations == 0 {
                return;
            }
            self.operations -= 1;
            let Token::Word(word) = token else {
                let operand = operand(token, &mut lexer, 0);
                if operands.len() < OPERANDS {
                    operands.push(operand);
                }
                continue;
            };
            match word.as_slice() {
                b"true" | b"false" | b"null" => {
                    operands.push(Operand::Other);
                    continue;
                }
                b"ID" => {
                    self.pictures = true;
                    lexer.skip_image();
                }
                b"Do" => {
                    if let Some(Operand::Name(name)) = operands.last() {
                        self.form(name, &run, page, marked, depth);
                    }
                }
                b"BMC" | b"BDC" => self.mark(&operands, &run, marked),
                b"EMC" if marked.depth() > open => marked.close(page),
                b"Tj" | b"'" | b"\"" | b"TJ" => {
                    run.before_show(&word, &operands);
                    self.strings(operands.last(), &mut run, page, marked);
                }
                b"Tf" => {
                    if let [.., Operand::Name(name), Operand::Number(size)] = operands.as_slice() {
                        run.state.font = self.font(run.resources, name);
                        run.state.size = *size;
                    }
                }
                b"gs" => {
                    if let Some(Operand::Name(name)) = operands.last() {
                        self.parameters(name, &mut run);
                    }
                }
                other => run.operate(other, &operands),
            }
            operands.clear();
        }
        while marked.depth() > open {
            marked.close(page);
        }
    }

    fn resource(&self, resources: Option<&'a Dictionary>, kind: &[u8], name: &[u8]) -> Option<&'a Object> {
        self.objects.get(self.objects.dictionary(resources?, kind)?, name)
    }

    fn font(&mut self, resources: Option<&'a Dictionary>, name: &[u8]) -> Option<(usize, Rc<Font>)> {
        let font = self.resource(resources, b"Font", name)?.as_dict().ok()?;
        Some(self.font_of(font))
    }

    fn font_of(&mut self, font: &'a Dictionary) -> (usize, Rc<Font>) {
        let (next, objects) = (self.fonts.len(), self.objects);
        let known = self.fonts.entry(std::ptr::from_ref(font));
        known.or_insert_with(|| (next, Rc::new(Font::read(objects, font)))).clone()
    }

    /// A set of graphics parameters, of which a font is one.
    fn parameters(&mut self, name: &[u8], run: &mut Run<'a>) {
        let set = self.resource(run.resources, b"ExtGState", name).and_then(|set| set.as_dict().ok());
        if let Some([font, size]) = set.and_then(|set| self.objects.array(set, b"Font"))
            && let Ok(font) = self.objects.follow(font).as_dict()
            && let Some(size) = number(self.objects.follow(size))
        {
            run.state.font = Some(self.font_of(font));
            run.state.size = size;
        }
    }

    fn mark(&self, operands: &[Operand], run: &Run<'a>, marked: &mut Marked) {
        let (mut text, mut layer) = (None, false);
        match operands {
            [.., Operand::Name(tag), Operand::Name(name)] => {
                let set =
                    self.resource(run.resources, b"Properties", name).and_then(|set| set.as_dict().ok());
                text = set.and_then(|set| self.objects.get(set, b"ActualText")?.as_str().ok()).map(written);
                layer = tag == b"OC" && set.is_some_and(|set| self.is_hidden(set));
            }
            [.., Operand::Dictionary(entries)] => {
                let key = Operand::Name(b"ActualText".to_vec());
                text = entries.chunks_exact(2).find_map(|pair| match pair {
                    [name, Operand::Text(text)] if *name == key => Some(written(text)),
                    _ => None,
                });
            }
            _ => {}
        }
        marked.open(text, layer);
    }

    fn is_hidden(&self, layer: &Dictionary) -> bool {
        self.hidden.contains(&std::ptr::from_ref(layer))
    }

    /// An external object: a picture is noted, a form is shown.
    fn form(&mut self, name: &[u8], run: &Run<'a>, page: &mut Page, marked: &mut Marked, depth: usize) {
        let object =
            self.resource(run.resources, b"XObject", name).and_then(|object| object.as_stream().ok());
        let Some(form) = object else { return };
        let layer = self.objects.dictionary(&form.dict, b"OC");
        if layer.is_some_and(|layer| self.is_hidden(layer)) {
            return;
        }
        match self.objects.name(&form.dict, b"Subtype") {
            Some(b"Image") => self.pictures = true,
            Some(b"Form") if depth < self.depth => {
                let Some(content) = self.objects.bytes(form) else { return };
                // Unpacking is work too.
                self.operations = self.operations.saturating_sub(content.len() / 16);
                let mut state = run.state.clone();
                state.to_page = matrix(self.objects, &form.dict).then(&state.to_page);
                let resources = self.objects.dictionary(&form.dict, b"Resources").or(run.resources);
                self.run(&content, resources, state, page, marked, depth + 1);
            }
            Some(b"Form") => self.deep = true,
            _ => {}
        }
    }

    /// A string, or an array of strings and of moves between them.
    fn strings(&mut self, shown: Option<&Operand>, run: &mut Run<'a>, page: &mut Page, marked: &mut Marked) {
        let Some((font_id, font)) = run.state.font.clone() else { return };
        let parts = match shown {
            Some(Operand::Array(parts)) => parts.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => return,
        };
        let style = run.style(font_id, &font);
        for part in parts {
            match part {
                Operand::Number(back) => {
                    let back = -back / 1000.0 * run.state.size;
                    run.move_on(back, font.vertical());
                }
                Operand::Text(bytes) => {
                    self.operations = self.operations.saturating_sub(bytes.len());
                    self.string(bytes, &font, &style, run, page, marked);
                }
                _ => {}
            }
        }
    }

    fn string(
        &mut self,
        bytes: &[u8],
        font: &Font,
        style: &Style,
        run: &mut Run<'a>,
        page: &mut Page,
        marked: &mut Marked,
    ) {
        let vertical = font.vertical();
        font.codes(bytes, |code| {
            self.unknown += usize::from(code.text.is_empty());
            let Run { state, text, place, .. } = &mut *run;
            let space = if code.bytes == 1 && code.number == 32 { state.word_space } else { 0.0 };
            let space = state.char_space + space;
            let advance = code.advance * state.size;
            // Spaces add to a move downwards as they add to one to the right.
            let (moved, spaced) = if vertical {
                (text.direction(0.0, advance - space), text.direction(0.0, -space))
            } else {
                (
                    text.direction((advance + space) * state.scale, 0.0),
                    text.direction(space * state.scale, 0.0),
                )
            };
            let raised = text.direction(0.0, state.rise);
            let (x, y) = state.to_page.point(place.0 + raised.0, place.1 + raised.1);
            let (dx, dy) = state.to_page.direction(moved.0 - spaced.0, moved.1 - spaced.1);
            marked.add(page, &Glyph { x, y, dx, dy, text: code.text, bytes: code.bytes, style });
            *place = (place.0 + moved.0, place.1 + moved.1);
        });
    }
}

impl Run<'_> {
    /// Moves the place of the next glyph.
    fn move_on(&mut self, by: f64, vertical: bool) {
        let (x, y) = if vertical { (0.0, by) } else { (by * self.state.scale, 0.0) };
        let (dx, dy) = self.text.direction(x, y);
        self.place = (self.place.0 + dx, self.place.1 + dy);
    }

    /// What glyphs of this font look like here.
    fn style(&self, font_id: usize, font: &Font) -> Style {
        let (right, down) = self.text.direction(0.0, self.state.size);
        let (right, down) = self.state.to_page.direction(right, down);
        let size = (right * right + down * down).sqrt() * font.scale;
        let sized = Matrix([self.state.size, 0.0, 0.0, self.state.size, 0.0, 0.0]);
        let glyphs = font.matrix.map_or(Matrix::SAME, |[a, b, c, d]| Matrix([a, b, c, d, 0.0, 0.0]));
        let turn = turn(&glyphs.then(&sized).then(&self.text).then(&self.state.to_page));
        let vertical = font.vertical();
        let turn = if vertical { (turn + 1) % 4 } else { turn };
        Style { font: font_id, size, turn, vertical, ascent: font.ascent, descent: font.descent }
    }

    /// What `'` and `"` do before they show.
    fn before_show(&mut self, operator: &[u8], operands: &[Operand]) {
        if let (b"\"", [.., Operand::Number(word), Operand::Number(char), _]) = (operator, operands) {
            (self.state.word_space, self.state.char_space) = (*word, *char);
        }
        if matches!(operator, b"'" | b"\"") {
            self.next_line(0.0, -self.state.leading);
        }
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.line = (self.line.0 + x, self.line.1 + y);
        self.place = self.text.point(self.line.0, self.line.1);
    }

    fn start(&mut self, text: Matrix) {
        (self.text, self.line) = (text, (0.0, 0.0));
        self.place = text.point(0.0, 0.0);
    }

    fn operate(&mut self, operator: &[u8], operands: &[Operand]) {
        let numbers: Vec<f64> = operands
            .iter()
            .filter_map(|operand| if let Operand::Number(number) = operand { Some(*number) } else { None })
            .collect();
        match (operator, numbers.as_slice()) {
            (b"q", _) if self.saved.len() < SAVED => self.saved.push(self.state.clone()),
            (b"Q", _) => {
                if let Some(state) = self.saved.pop() {
                    self.state = state;
                }
            }
            (b"cm", _) => {
                if let Ok(six) = numbers.try_into() {
                    self.state.to_page = Matrix(six).then(&self.state.to_page);
                }
            }
            (b"BT", _) => self.start(Matrix::SAME),
            (b"Tm", _) => {
                if let Ok(six) = numbers.try_into() {
                    self.start(Matrix(six));
                }
            }
            (b"Td", [x, y]) => self.next_line(*x, *y),
            (b"TD", [x, y]) => {
                self.state.leading = -y;
                self.next_line(*x, *y);
            }
            (b"T*", _) => self.next_line(0.0, -self.state.leading),
            (b"Tc", [space]) => self.state.char_space = *space,
            (b"Tw", [space]) => self.state.word_space = *space,
            (b"Tz", [scale]) => self.state.scale = scale / 100.0,
            (b"TL", [leading]) => self.state.leading = *leading,
            (b"Ts", [rise]) => self.state.rise = *rise,
            _ => {}
        }
    }
}

/// How many quarter turns clockwise glyphs are turned by, on a page whose y goes downwards.
fn turn(glyphs: &Matrix) -> usize {
    let [a, b, c, d, ..] = glyphs.0;
    if (a * d).abs() > (b * c).abs() {
        return if a > 0.0 || d < 0.0 { 0 } else { 2 };
    }
    if c > 0.0 { 1 } else { 3 }
}

/// A form's own matrix.
pub fn matrix(objects: Objects<'_>, form: &Dictionary) -> Matrix {
    let numbers = objects.numbers(form, b"Matrix").and_then(|numbers| <[f64; 6]>::try_from(numbers).ok());
    numbers.map_or(Matrix::SAME, Matrix)
}

/// The operand that begins with `token`; what lies deeper than ten arrays or dictionaries is dropped.
fn operand(token: Token, lexer: &mut Lexer<'_>, depth: usize) -> Operand {
    let mut list = |end: &Token| {
        let mut found = Vec::new();
        while let Some(token) = lexer.next().filter(|token| token != end) {
            if depth < 10 {
                found.push(operand(token, lexer, depth + 1));
            }
        }
        found
    };
    match token {
        Token::Number(number) => Operand::Number(number),
        Token::Name(name) => Operand::Name(name),
        Token::Text(text) => Operand::Text(text),
        Token::Open => Operand::Array(list(&Token::Close)),
        Token::OpenDict => Operand::Dictionary(list(&Token::CloseDict)),
        Token::Close | Token::CloseDict | Token::Word(_) => Operand::Other,
    }
}
