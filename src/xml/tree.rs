//! Reading XML into a tree that keeps the position and the spelling of every part.
//!
//! The client models and the importer need four things together: the byte offset of elements and
//! comments, the difference between text, references and CDATA sections, the part of a document
//! before its first error, and a mode that leaves out single elements with an undefined reference.
//! Of the crates that build trees, roxmltree joins CDATA sections with text, refuses undeclared
//! prefixes and returns nothing after an error; xmltree and minidom have no offsets. This tree is
//! built from quick-xml's events. Its elements are in one list, so that deep nesting uses no stack.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::characters::{attribute_value, excluded_character, is_name, resolve_reference};

/// A well-formed document, or the beginning of one.
#[derive(Debug)]
pub struct Tree<'t> {
    text: Cow<'t, str>,
    elements: Vec<Item>,
    /// The comments before and after the root.
    outside: Vec<Range<usize>>,
    /// The elements whose end has not been read.
    open: Vec<usize>,
    /// The errors inside single elements, if the caller wants to continue after them.
    flaws: Option<Vec<TreeError>>,
}

/// An element of the list. Ranges are bytes of the text.
#[derive(Debug)]
struct Item {
    name: Range<usize>,
    attributes: Vec<(String, String)>,
    content: Vec<Content>,
    span: Range<usize>,
    /// It contains an undefined reference or an invalid attribute.
    is_flawed: bool,
}

#[derive(Debug)]
enum Content {
    Element(usize),
    Text(Range<usize>),
    CData(Range<usize>),
    Reference(String),
    Comment(Range<usize>),
}

/// A part of an element's content.
#[derive(Debug, Clone, Copy)]
pub enum Node<'a> {
    Element(Element<'a>),
    Text(&'a str),
    CData(&'a str),
    /// `&amp;` or `&#38;`, resolved.
    Reference(&'a str),
    Comment(Comment<'a>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment<'a> {
    pub text: &'a str,
    /// The byte at which `<!--` begins.
    pub offset: usize,
}

/// An element of a [`Tree`].
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    tree: &'a Tree<'a>,
    index: usize,
}

/// Why a text is not a well-formed document, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TreeError {
    pub offset: usize,
    pub message: String,
}

/// The longest quotation in a message, in characters.
const MAX_QUOTE: usize = 120;
/// The deepest nesting; libxml2's limit.
const MAX_DEPTH: usize = 256;

impl<'t> Tree<'t> {
    /// Reads a document. The caller removes a byte order mark and white space before it, or refuses
    /// them.
    ///
    /// # Errors
    /// The first position at which the document is not well-formed. Entities of a document type are not defined.
    pub fn parse(text: impl Into<Cow<'t, str>>) -> Result<Self, TreeError> {
        let (tree, result) = Self::build(text.into(), None);
        result.map(|()| tree)
    }

    /// Reads a document without the elements that contain an undefined reference or an invalid
    /// attribute, and returns the errors in those.
    ///
    /// # Errors
    /// The first error that is not limited to such an element.
    pub fn without_flaws(text: impl Into<Cow<'t, str>>) -> Result<(Self, Vec<TreeError>), TreeError> {
        let (mut tree, result) = Self::build(text.into(), Some(Vec::new()));
        result?;
        let flaws = tree.flaws.take().unwrap_or_default();
        match (tree.root().item().is_flawed, flaws.first()) {
            (true, Some(first)) => Err(first.clone()),
            _ => Ok((tree, flaws)),
        }
    }

    /// Reads a document up to the first error, like a parser that recovers from errors.
    ///
    /// # Errors
    /// The document has no root element.
    pub fn recover(text: impl Into<Cow<'t, str>>) -> Result<Self, TreeError> {
        match Self::build(text.into(), None) {
            (tree, Err(error)) if tree.elements.is_empty() => Err(error),
            (tree, _) => Ok(tree),
        }
    }

    fn build(text: Cow<'t, str>, flaws: Option<Vec<TreeError>>) -> (Self, Result<(), TreeError>) {
        let (elements, outside, open) = (Vec::new(), Vec::new(), Vec::new());
        let mut tree = Self { text: Cow::Borrowed(""), elements, outside, open, flaws };
        let result = tree.read(&text);
        tree.text = text;
        (tree, result)
    }

    fn read(&mut self, text: &str) -> Result<(), TreeError> {
        // quick-xml skips it, and counts offsets from the byte behind it.
        if text.starts_with('\u{FEFF}') {
            return Err(TreeError {
                offset: 0,
                message: "the document begins with a byte order mark".to_owned(),
            });
        }
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        reader.config_mut().expand_empty_elements = true;
        loop {
            let start = position(reader.buffer_position());
            let event = reader.read_event().map_err(|error| TreeError {
                offset: position(reader.error_position()),
                message: excerpt(&error.to_string(), MAX_QUOTE),
            })?;
            let span = start..position(reader.buffer_position());
            let raw = &text[span.clone()];
            let wrong = |message: String| TreeError { offset: start, message };
            // In every part of the document, also in comments, instructions and declarations.
            if let Some((at, c)) = excluded_character(raw) {
                let message = format!("XML does not allow the character U+{:04X}", u32::from(c));
                return Err(TreeError { offset: start + at, message });
            }
            let content = match event {
                Event::Start(tag) => {
                    self.push(&tag, raw, span)?;
                    continue;
                }
                Event::End(_) => {
                    if let Some(index) = self.open.pop() {
                        self.elements[index].span.end = span.end;
                    }
                    continue;
                }
                Event::Eof if self.elements.is_empty() => {
                    return Err(wrong("the document has no element".into()));
                }
                Event::Eof if !self.open.is_empty() => {
                    return Err(wrong("the document ends inside an element".into()));
                }
                Event::Eof => return Ok(()),
                Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Empty(_) => continue,
                Event::Comment(_) => Content::Comment(span),
                Event::CData(_) => Content::CData(span),
                Event::Text(_) => Content::Text(span),
                Event::GeneralRef(reference) => {
                    let name: &str = &reference;
                    match resolve_reference(&reference) {
                        Some(text) => Content::Reference(text.into_owned()),
                        None => {
                            let quoted = excerpt(name, MAX_QUOTE);
                            let is_character = reference.is_char_ref();
                            let why = if is_character { "a character that XML allows" } else { "defined" };
                            let message = format!("&{quoted}; is not {why}");
                            self.flaw(self.open.last().copied(), wrong(message))?;
                            continue;
                        }
                    }
                }
            };
            match (self.open.last(), content) {
                (_, Content::Text(_)) if raw.contains("]]>") => {
                    return Err(wrong("a text contains `]]>`".into()));
                }
                (Some(parent), content) => self.elements[*parent].content.push(content),
                (None, Content::Comment(span)) => self.outside.push(span),
                (None, Content::Text(_)) if raw.trim_ascii().is_empty() => {}
                (None, _) => return Err(wrong("there is text outside the root element".into())),
            }
        }
    }

    /// Adds an element to the list and to its parent.
    fn push(&mut self, tag: &BytesStart<'_>, raw: &str, span: Range<usize>) -> Result<(), TreeError> {
        let offset = span.start;
        let wrong = |message: String| TreeError { offset, message };
        let name = &raw[1..=tag.name().as_ref().len()];
        let quoted = excerpt(name, MAX_QUOTE);
        if !is_name(name) {
            return Err(wrong(format!("<{quoted}> is not an element")));
        }
        if raw[1..].contains('<') {
            return Err(wrong(format!("an attribute of <{quoted}> contains <")));
        }
        if self.open.is_empty() && !self.elements.is_empty() {
            return Err(wrong(format!("<{quoted}> is a second root element")));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(wrong(format!("elements are nested more than {MAX_DEPTH} levels deep")));
        }
        let index = self.elements.len();
        if let Some(parent) = self.open.last() {
            self.elements[*parent].content.push(Content::Element(index));
        }
        let name = offset + 1..offset + 1 + name.len();
        let (attributes, content) = (Vec::new(), Vec::new());
        self.elements.push(Item { name, attributes, content, span, is_flawed: false });
        self.open.push(index);
        for attribute in tag.attributes() {
            match attribute.map_err(|error| error.to_string()).and_then(|attribute| {
                let key = attribute.key.as_ref().to_owned();
                match attribute_value(&attribute) {
                    Some(value) => Ok((key, value.into_owned())),
                    None => Err(format!("the value of {key} has an invalid reference")),
                }
            }) {
                Ok(attribute) => self.elements[index].attributes.push(attribute),
                Err(error) => {
                    let message = format!("in <{quoted}>: {}", excerpt(&error, MAX_QUOTE));
                    return self.flaw(Some(index), wrong(message));
                }
            }
        }
        Ok(())
    }

    /// Marks an element as flawed, if the caller wants to continue after such errors.
    fn flaw(&mut self, element: Option<usize>, error: TreeError) -> Result<(), TreeError> {
        match (&mut self.flaws, element) {
            (Some(flaws), Some(element)) => {
                flaws.push(error);
                self.elements[element].is_flawed = true;
                Ok(())
            }
            _ => Err(error),
        }
    }

    pub fn root(&self) -> Element<'_> {
        Element { tree: self, index: 0 }
    }

    /// The comments outside the root element.
    pub fn comments_outside(&self) -> impl Iterator<Item = Comment<'_>> {
        self.outside.iter().map(|span| self.comment(span))
    }

    /// Every element, in the order of the text.
    pub fn all(&self) -> impl Iterator<Item = Element<'_>> {
        (0..self.elements.len()).map(|index| Element { tree: self, index })
    }

    fn comment(&self, span: &Range<usize>) -> Comment<'_> {
        Comment { text: inside(&self.text[span.clone()], "<!--", "-->"), offset: span.start }
    }
}

impl<'a> Element<'a> {
    fn item(self) -> &'a Item {
        &self.tree.elements[self.index]
    }

    /// The name as it is written, with its prefix.
    pub fn name(self) -> &'a str {
        &self.tree.text[self.item().name.clone()]
    }

    /// The name without a prefix.
    pub fn local_name(self) -> &'a str {
        self.name().rsplit(':').next().unwrap_or_default()
    }

    /// The byte at which the element begins.
    pub fn offset(self) -> usize {
        self.item().span.start
    }

    /// The bytes of the element, from its start tag to its end tag.
    pub fn span(self) -> Range<usize> {
        self.item().span.clone()
    }

    /// Whether its end was read. True for every element of a well-formed document.
    pub fn is_complete(self) -> bool {
        !self.tree.open.contains(&self.index)
    }

    pub fn attributes(self) -> &'a [(String, String)] {
        &self.item().attributes
    }

    pub fn attribute(self, name: &str) -> Option<&'a str> {
        self.attributes().iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn nodes(self) -> impl Iterator<Item = Node<'a>> {
        let text = &self.tree.text;
        self.item().content.iter().map(move |content| match content {
            Content::Element(index) => Node::Element(Self { tree: self.tree, index: *index }),
            Content::Text(span) => Node::Text(&text[span.clone()]),
            Content::CData(span) => Node::CData(inside(&text[span.clone()], "<![CDATA[", "]]>")),
            Content::Reference(text) => Node::Reference(text),
            Content::Comment(span) => Node::Comment(self.tree.comment(span)),
        })
    }

    /// The child elements, without those that are flawed.
    pub fn elements(self) -> impl Iterator<Item = Self> {
        self.nodes().filter_map(Node::element).filter(|element| !element.item().is_flawed)
    }

    /// Whether [`Self::elements`] leaves out a child.
    pub fn has_flaws(self) -> bool {
        self.nodes().filter_map(Node::element).any(|element| element.item().is_flawed)
    }

    /// The child elements with a name.
    pub fn children(self, name: &str) -> impl Iterator<Item = Self> {
        self.elements().filter(move |element| element.name() == name)
    }

    /// The child elements with a name and any prefix.
    pub fn local_children(self, name: &str) -> impl Iterator<Item = Self> {
        self.elements().filter(move |element| element.local_name() == name)
    }

    /// The first child element with a name.
    pub fn child(self, name: &str) -> Option<Self> {
        self.children(name).next()
    }

    /// The first child element with a name and any prefix.
    pub fn local_child(self, name: &str) -> Option<Self> {
        self.local_children(name).next()
    }

    /// The element's own text in one piece, without comments.
    pub fn text(self) -> Cow<'a, str> {
        let mut texts = self.nodes().filter_map(Node::text);
        match (texts.next(), texts.next()) {
            (first, None) => Cow::Borrowed(first.unwrap_or_default()),
            (first, second) => first.into_iter().chain(second).chain(texts).collect(),
        }
    }

    /// The text of the first child element with a name.
    pub fn child_text(self, name: &str) -> Option<Cow<'a, str>> {
        self.child(name).map(Self::text)
    }
}

impl<'a> Node<'a> {
    pub fn element(self) -> Option<Element<'a>> {
        if let Self::Element(element) = self { Some(element) } else { None }
    }

    /// The text of a node that is part of an element's text.
    pub fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) | Self::CData(text) | Self::Reference(text) => Some(text),
            Self::Element(_) | Self::Comment(_) => None,
        }
    }
}

/// The beginning of a text, for a message: at most `max` characters, control characters replaced.
pub fn excerpt(text: &str, max: usize) -> String {
    let mut characters = text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c });
    let excerpt: String = characters.by_ref().take(max).collect();
    if characters.next().is_some() { excerpt + "..." } else { excerpt }
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn inside<'t>(raw: &'t str, begin: &str, end: &str) -> &'t str {
    raw.strip_prefix(begin).and_then(|raw| raw.strip_suffix(end)).unwrap_or(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_comments_references_and_cdata() {
        let text = "<!-- before --><a x='1 &amp; 2'><b>one<!-- c -->&amp;<![CDATA[<two>]]></b><b/></a>";
        let tree = Tree::parse(text).unwrap();
        let root = tree.root();
        assert_eq!((root.name(), root.attribute("x")), ("a", Some("1 & 2")));
        let [first, second] = root.children("b").collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!(first.text(), "one&<two>");
        assert_eq!((second.text().as_ref(), second.offset()), ("", text.find("<b/>").unwrap()));
        let comment = Comment { text: " c ", offset: text.find("<!-- c").unwrap() };
        let [Node::Text("one"), Node::Comment(c), Node::Reference("&"), Node::CData("<two>")] =
            first.nodes().collect::<Vec<_>>()[..]
        else {
            panic!("{first:?}")
        };
        assert_eq!(c, comment);
        assert_eq!(tree.comments_outside().next().unwrap().text, " before ");
    }

    #[test]
    fn leaves_out_elements_with_undefined_references() {
        let text = "<a><b>x&amP;y</b><b url='?a&b'/><b>z</b></a>";
        let (tree, flaws) = Tree::without_flaws(text).unwrap();
        assert_eq!(tree.root().children("b").map(Element::text).collect::<Vec<_>>(), ["z"]);
        assert_eq!(flaws.iter().map(|flaw| flaw.offset).collect::<Vec<_>>(), [7, 17]);
        assert_eq!(Tree::parse(text).unwrap_err(), flaws[0]);
        assert!(Tree::without_flaws("<a>&x;<b/></a>").is_err());
        assert!(Tree::without_flaws("<a><b></a>").is_err());
    }

    #[test]
    fn refuses_excluded_characters_in_every_part() {
        for text in [
            "<a>x\u{1}</a>",
            "<a x='\u{1}'/>",
            "<a\u{1}/>",
            "<a><!-- \u{1} --></a>",
            "<a><?b \u{1}?></a>",
            "<a><![CDATA[\u{1}]]></a>",
            "<!DOCTYPE a \u{1}><a/>",
            "<?xml version='1.0' \u{1}?><a/>",
            "<a/><!-- \u{1} -->",
            "<a/><?b \u{1}?>",
            "<a>&\u{1};</a>",
        ] {
            let error = Tree::parse(text).unwrap_err();
            let offset = text.find('\u{1}').unwrap();
            assert_eq!(
                error,
                TreeError { offset, message: "XML does not allow the character U+0001".into() }
            );
            // What is before the character is read.
            assert_eq!(
                Tree::recover(text).is_ok(),
                text[..offset].contains("<a>") || text.starts_with("<a/>"),
                "{text}"
            );
        }
    }

    #[test]
    fn reports_the_first_error_of_a_malformed_document() {
        let error = |text: &str| Tree::parse(text).map(drop).unwrap_err();
        assert_eq!(error("").message, "the document has no element");
        assert_eq!(error("<a>").message, "the document ends inside an element");
        assert_eq!(
            error("<a/><b/>"),
            TreeError { offset: 4, message: "<b> is a second root element".into() }
        );
        assert_eq!(error("<a/>b").message, "there is text outside the root element");
        assert_eq!(error("<a>&nbsp;</a>"), TreeError { offset: 3, message: "&nbsp; is not defined".into() });
        assert_eq!(error("<a>&#x1A;</a>").message, "&#x1A; is not a character that XML allows");
        assert_eq!(error("<a x='&#x1A;'/>").message, "in <a>: the value of x has an invalid reference");
        assert_eq!(error("<1a/>").message, "<1a> is not an element");
        assert_eq!(error("<a x='<'/>").message, "an attribute of <a> contains <");
        assert_eq!(error("<a>]]></a>").message, "a text contains `]]>`");
        assert_eq!(error("\u{FEFF}<a/>").message, "the document begins with a byte order mark");
        assert_eq!(error(&format!("<a/><{}/>", "b".repeat(1000))).message.len(), 150);
        assert!(error("<a b=1/>").message.starts_with("in <a>: "));
        assert!(error("<a></b>").message.contains("`</b>`"), "{}", error("<a></b>").message);
        let deep = "<a>".repeat(1_000_000);
        assert!(error(&deep).message.starts_with("elements are nested more than 256"));
    }
}
