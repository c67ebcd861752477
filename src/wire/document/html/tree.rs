//! The tree that the parser makes, in one flat list.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, ExpandedName, LocalName, ParseOpts, QualName, parse_document};

use super::super::fault::Fault;

/// Bytes after which it is looked how the tree grows.
const STEP: usize = 16 * 1024;

/// The place of nobody.
const NONE: u32 = u32::MAX;

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    /// The document, a comment: nothing to be read.
    Silent,
    Element {
        name: LocalName,
        /// Not shown.
        hidden: bool,
        /// Shown, but no part of what the page says: it leads elsewhere, or is for the eye alone.
        beside: bool,
        /// Where its list begins to count.
        start: Option<i32>,
    },
    Text(String),
}

#[derive(Debug)]
pub struct Node {
    pub kind: Kind,
    pub parent: u32,
    first: u32,
    last: u32,
    before: u32,
    after: u32,
    depth: u32,
}

/// Whether that role is of what leads elsewhere.
fn leads(role: &str) -> bool {
    role.eq_ignore_ascii_case("navigation")
}

/// A parsed page; node 0 is the document.
#[derive(Debug)]
pub struct Tree {
    pub nodes: Vec<Node>,
}

impl Tree {
    pub fn first(&self, node: u32) -> Option<u32> {
        Some(self.nodes[node as usize].first).filter(|first| *first != NONE)
    }

    pub fn after(&self, node: u32) -> Option<u32> {
        Some(self.nodes[node as usize].after).filter(|after| *after != NONE)
    }

    /// What the page's head says it is called.
    pub fn title(&self) -> Option<&str> {
        let named =
            |node: &Node, wanted: &str| matches!(&node.kind, Kind::Element { name, .. } if &**name == wanted);
        let in_head =
            |node: &&Node| self.nodes.get(node.parent as usize).is_some_and(|head| named(head, "head"));
        let title = self.nodes.iter().filter(|node| named(node, "title")).find(in_head)?;
        match &self.nodes.get(title.first as usize)?.kind {
            Kind::Text(title) => Some(title),
            _ => None,
        }
    }
}

/// A node as the parser knows it.
#[derive(Debug, Clone)]
struct Handle {
    at: u32,
    name: Rc<QualName>,
}

struct Sink {
    nodes: RefCell<Vec<Node>>,
    no_name: Rc<QualName>,
    deepest: Cell<u32>,
}

/// Parses a page of at most so many elements and texts, which lie within each other at most so deep.
pub fn parse(html: &str, depth: usize, elements: usize) -> Result<Tree, Fault> {
    let no_name = Rc::new(QualName::new(None, html5ever::ns!(), LocalName::from("")));
    let sink = Sink { nodes: RefCell::new(Vec::new()), no_name, deepest: Cell::new(0) };
    sink.add(Kind::Silent);
    let mut parser = parse_document(sink, ParseOpts::default());
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(STEP.min(rest.len())));
        parser.process(StrTendril::from_slice(piece));
        rest = after;
        let sink = &parser.tokenizer.sink.sink;
        if sink.deepest.get() as usize > depth {
            let why = format!("its elements lie within each other more than {depth} deep");
            return Err(Fault::beyond(why, "documents.depth"));
        }
        if sink.nodes.borrow().len() > elements {
            let why = format!("its page has more than {elements} elements and texts");
            return Err(Fault::beyond(why, "documents.elements"));
        }
    }
    Ok(parser.finish())
}

impl Sink {
    fn add(&self, kind: Kind) -> u32 {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node { kind, parent: NONE, first: NONE, last: NONE, before: NONE, after: NONE, depth: 0 });
        (nodes.len() - 1) as u32
    }

    fn handle(&self, kind: Kind) -> Handle {
        Handle { at: self.add(kind), name: Rc::clone(&self.no_name) }
    }

    fn detach(&self, node: u32) {
        let mut nodes = self.nodes.borrow_mut();
        let Node { parent, before, after, .. } = nodes[node as usize];
        if parent == NONE {
            return;
        }
        match before {
            NONE => nodes[parent as usize].first = after,
            before => nodes[before as usize].after = after,
        }
        match after {
            NONE => nodes[parent as usize].last = before,
            after => nodes[after as usize].before = before,
        }
        let own = &mut nodes[node as usize];
        (own.parent, own.before, own.after) = (NONE, NONE, NONE);
    }

    /// Puts `child` under `parent`, before `next` or as the last.
    fn attach(&self, parent: u32, next: u32, child: NodeOrText<Handle>) {
        let previous = {
            let nodes = self.nodes.borrow();
            if next == NONE { nodes[parent as usize].last } else { nodes[next as usize].before }
        };
        let child = match child {
            NodeOrText::AppendNode(handle) => {
                self.detach(handle.at);
                handle.at
            }
            NodeOrText::AppendText(text) => {
                if previous != NONE
                    && let Kind::Text(before) = &mut self.nodes.borrow_mut()[previous as usize].kind
                {
                    before.push_str(&text);
                    return;
                }
                self.add(Kind::Text(text.to_string()))
            }
        };
        let mut nodes = self.nodes.borrow_mut();
        let depth = nodes[parent as usize].depth + 1;
        self.deepest.set(self.deepest.get().max(depth));
        let own = &mut nodes[child as usize];
        (own.parent, own.before, own.after, own.depth) = (parent, previous, next, depth);
        match previous {
            NONE => nodes[parent as usize].first = child,
            previous => nodes[previous as usize].after = child,
        }
        match next {
            NONE => nodes[parent as usize].last = child,
            next => nodes[next as usize].before = child,
        }
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Tree;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Tree {
        Tree { nodes: self.nodes.into_inner() }
    }

    // Pages are full of errors that every browser forgives.
    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { at: 0, name: Rc::clone(&self.no_name) }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> Handle {
        let value =
            |name: &str| attributes.iter().find(|own| &*own.name.local == name).map(|own| &*own.value);
        let kind = Kind::Element {
            name: name.local.clone(),
            hidden: value("hidden").is_some_and(|when| !when.eq_ignore_ascii_case("until-found")),
            beside: &*name.local == "nav"
                || value("role").and_then(|roles| roles.split_whitespace().next()).is_some_and(leads)
                || value("aria-hidden").is_some_and(|hidden| hidden.eq_ignore_ascii_case("true")),
            start: value("start").and_then(|start| start.trim().parse().ok()),
        };
        Handle { at: self.add(kind), name: Rc::new(name) }
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        self.handle(Kind::Silent)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        self.handle(Kind::Silent)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.attach(parent.at, NONE, child);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        if self.nodes.borrow()[element.at as usize].parent == NONE {
            self.append(previous, child);
        } else {
            self.append_before_sibling(element, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    // What a template holds is not shown; it stays under the template, which is left out.
    fn get_template_contents(&self, target: &Handle) -> Handle {
        target.clone()
    }

    fn same_node(&self, one: &Handle, other: &Handle) -> bool {
        one.at == other.at
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, new: NodeOrText<Handle>) {
        let parent = self.nodes.borrow()[sibling.at as usize].parent;
        if parent != NONE {
            self.attach(parent, sibling.at, new);
        }
    }

    fn add_attrs_if_missing(&self, _: &Handle, _: Vec<Attribute>) {}

    fn remove_from_parent(&self, target: &Handle) {
        self.detach(target.at);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        loop {
            let first = self.nodes.borrow()[node.at as usize].first;
            if first == NONE {
                return;
            }
            self.detach(first);
            let child = Handle { at: first, name: Rc::clone(&self.no_name) };
            self.attach(new_parent.at, NONE, NodeOrText::AppendNode(child));
        }
    }
}
