//! Documents of Word since 2007 (ECMA-376, part 1, chapter 17).
//!
//! ```text
//! word/styles.xml ─► what is a heading ┐
//! word/numbering.xml ─► labels         ┼─► word/document.xml ─► paragraphs, rows
//! ```
//!
//! As LibreOffice's own export to text has it: labels of lists are written out, notes only by their number; headers,
//! footers, comments, what was deleted and text boxes are left out, and the document's notes say so.

mod body;
mod lists;
mod styles;

use super::building::Building;
use super::fault::Fault;
use super::package::Package;
use super::xml;

/// The main part where the package does not say another.
const MAIN: &str = "word/document.xml";

pub fn read(bytes: &[u8], made: &mut Building<'_>) -> Result<(), Fault> {
    let limits = made.limits;
    let mut package = Package::open(bytes, limits)?;
    let main = main_part(&mut package, limits.depth)?;
    let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let mut styles = styles::Styles::default();
    package.part(&format!("{folder}/styles.xml"), |part| xml::visit(part, limits.depth, &mut styles))?;
    let mut lists = lists::Lists::default();
    package.part(&format!("{folder}/numbering.xml"), |part| xml::visit(part, limits.depth, &mut lists))?;
    if package.has(&format!("{folder}/vbaProject.bin")) {
        made.notes.push("macros left out".to_owned());
    }
    let mut body = body::Body::new(&styles, &lists, made);
    let found = package.part(&main, |part| xml::visit(part, limits.depth, &mut body))?;
    found.ok_or_else(|| Fault::damaged(format!("its package has no {main}")))?;
    body.finish();
    Ok(())
}

/// Where the text is: strict and transitional files name it in `_rels/.rels`.
fn main_part(package: &mut Package<'_>, depth: usize) -> Result<String, Fault> {
    struct Relations(Option<String>);
    impl xml::Visitor for Relations {
        fn start(&mut self, name: &str, element: &quick_xml::events::BytesStart<'_>) -> Result<(), Fault> {
            let kind =
                || xml::attribute(element, "Type").is_some_and(|kind| kind.ends_with("/officeDocument"));
            if name == "Relationship" && self.0.is_none() && kind() {
                self.0 = xml::attribute(element, "Target");
            }
            Ok(())
        }
        fn end(&mut self, _: &str) -> Result<(), Fault> {
            Ok(())
        }
        fn text(&mut self, _: &str) -> Result<(), Fault> {
            Ok(())
        }
    }
    let mut relations = Relations(None);
    package.part("_rels/.rels", |part| xml::visit(part, depth, &mut relations))?;
    let named = relations.0.map(|target| target.trim_start_matches('/').to_owned());
    Ok(named.filter(|part| package.has(part)).unwrap_or_else(|| MAIN.to_owned()))
}
