//! What a provider file says in comments, and what it has that a profile has no key for: where it
//! belongs in our file.

use std::collections::BTreeMap;

use super::xml_table::{PassedOver, ProviderFile};
use crate::diagnostics::Location;
use crate::xml::tree::{Comment, Element, Node, Tree};

/// Comments, each by what it is about.
#[derive(Debug, Default)]
pub struct Comments(BTreeMap<Anchor, Vec<String>>);

/// What a comment is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// The file.
    Top,
    /// What was read at a place: a name, a domain.
    Above(Location),
    /// The table that was read at a place: a server, a help page.
    Inside(Location),
    /// A section without a place of its own, by its element.
    Section(String),
    End,
}

/// Elements that become a line or a table with a place of its own.
const PLACED: [&str; 7] = [
    "domain",
    "displayName",
    "displayShortName",
    "incomingServer",
    "outgoingServer",
    "documentation",
    "instruction",
];

impl Comments {
    pub fn collect(tree: &Tree, provider: &ProviderFile) -> Self {
        let mut comments = Self::default();
        let root = tree.root();
        for comment in tree.comments_outside() {
            let anchor = if comment.offset < root.offset() { Anchor::Top } else { Anchor::End };
            comments.add(anchor, comment.text);
        }
        comments.siblings(root, provider);
        // Those too that are left out.
        for element in elements(root) {
            if element.name() == "emailProvider" {
                comments.siblings(element, provider);
                for item in elements(element) {
                    comments.within(item, provider);
                }
            } else {
                comments.within(element, provider);
            }
        }
        for PassedOver { place, parent, text } in provider.passed_over.borrow().iter() {
            let text = format!("line {}, for which there is no key: {text}", place.line);
            comments.add(Anchor::Inside(parent.clone()), &text);
        }
        comments
    }

    /// The comments between a parent's children: each is about what follows it, or, at the end of a
    /// line, about what stands before it on that line.
    fn siblings(&mut self, parent: Element, provider: &ProviderFile) {
        let mut waiting: Vec<&str> = Vec::new();
        let mut before: Option<Element> = None;
        for node in parent.nodes() {
            match node {
                Node::Element(element) => {
                    for comment in waiting.drain(..) {
                        self.add(anchor(element, provider), comment);
                    }
                    before = Some(element);
                }
                Node::Comment(Comment { text, .. }) => match before {
                    Some(element) => self.add(anchor(element, provider), text),
                    None => waiting.push(text),
                },
                // A line ends.
                Node::Text(text) if text.contains('\n') => before = None,
                _ => {}
            }
        }
        for comment in waiting {
            self.add(Anchor::End, comment);
        }
    }

    /// Every comment in an item, however deep.
    fn within(&mut self, item: Element, provider: &ProviderFile) {
        let anchor = match anchor(item, provider) {
            Anchor::Above(place) => Anchor::Inside(place),
            other => other,
        };
        let (mut open, mut found) = (vec![item], Vec::new());
        while let Some(element) = open.pop() {
            for node in element.nodes() {
                match node {
                    Node::Element(child) => open.push(child),
                    Node::Comment(comment) => found.push(comment),
                    _ => {}
                }
            }
        }
        found.sort_by_key(|comment| comment.offset);
        for comment in found {
            self.add(anchor.clone(), comment.text);
        }
    }

    fn add(&mut self, anchor: Anchor, text: &str) {
        if !text.trim().is_empty() {
            self.0.entry(anchor).or_default().push(text.to_owned());
        }
    }

    /// Takes what is about something.
    pub fn take(&mut self, anchor: &Anchor) -> Vec<String> {
        self.0.remove(anchor).unwrap_or_default()
    }

    /// Takes what is about the thing at a place, above or inside.
    pub fn take_all(&mut self, place: &Location) -> Vec<String> {
        let mut texts = self.take(&Anchor::Above(place.clone()));
        texts.extend(self.take(&Anchor::Inside(place.clone())));
        texts
    }

    /// What is about nothing that was written.
    pub fn rest(self) -> impl Iterator<Item = String> {
        self.0.into_values().flatten()
    }
}

fn elements(parent: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    parent.nodes().filter_map(Node::element)
}

fn anchor(element: Element, provider: &ProviderFile) -> Anchor {
    if PLACED.contains(&element.name()) {
        Anchor::Above(provider.place(element))
    } else {
        Anchor::Section(element.name().to_owned())
    }
}
