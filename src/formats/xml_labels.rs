//! How messages name the elements and attributes of Mozilla's format.

use super::xml_elements::{Child, Shape};
use crate::diagnostics::problem::InvalidValue;
use crate::diagnostics::table::KeyNames;

/// The names of an element's attributes and children in messages.
#[derive(Debug)]
pub struct ElementNames<'s> {
    pub element: &'s str,
    pub shape: &'static Shape,
}

pub fn attribute_label(attribute: &str, element: &str) -> String {
    format!("the {attribute} of <{element}>")
}

pub fn missing_attribute(element: &str, attribute: &str, example: &str) -> InvalidValue {
    InvalidValue::new(format!("<{element}> has no {attribute}"), format!("add {attribute}={example}"))
}

impl ElementNames<'_> {
    fn attribute(&self, key: &str) -> Option<&'static str> {
        self.shape.attributes.iter().find(|(_, other)| *other == key).map(|(attribute, _)| *attribute)
    }

    fn child(&self, key: &str) -> &'static str {
        self.shape.children.iter().find(|Child(_, other, _)| *other == key).map_or("", |Child(name, ..)| name)
    }
}

impl KeyNames for ElementNames<'_> {
    fn label(&self, key: &str) -> String {
        match self.attribute(key) {
            Some(attribute) => attribute_label(attribute, self.element),
            None => format!("<{}>", self.child(key)),
        }
    }

    fn missing(&self, key: &str, example: &str) -> InvalidValue {
        match (self.attribute(key), self.child(key)) {
            (Some(attribute), _) => missing_attribute(self.element, attribute, example),
            (None, name) => {
                InvalidValue::new(format!("<{name}> is missing"), format!("add <{name}>...</{name}>"))
            }
        }
    }

    fn title(&self) -> &'static str {
        ""
    }
}
