//! The domains that a profile's files name, with their locations.
//!
//! A list of a million domains is in memory beside the served one while a configuration is loaded, so an entry is kept
//! small: its text and twelve bytes.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::Location;
use crate::diagnostics::problem::Located;
use crate::directory::{DomainNames, DomainPattern};

/// Domains and wildcards, in the order of the files.
#[derive(Debug, Clone, Default)]
pub struct DomainPatterns {
    /// As [`DomainPattern`] writes them.
    texts: DomainNames,
    places: Vec<Place>,
    files: Vec<Arc<Path>>,
}

/// A [`Location`] in eight bytes. A longer line or entry than it can hold is cut.
#[derive(Debug, Clone, Copy)]
struct Place {
    line: u32,
    column: u16,
    length: u8,
    /// An index of the files.
    file: u8,
}

impl DomainPatterns {
    /// Adds a domain.
    ///
    /// # Panics
    /// If the names are longer than 4 GiB in total; the files of a configuration are much smaller.
    pub fn push(&mut self, pattern: &DomainPattern, location: &Location) {
        self.texts.push(&pattern.to_string()).expect("a configuration is smaller than 4 GiB");
        let known = self.files.iter().rposition(|file| *file == location.file);
        let file = known.unwrap_or_else(|| {
            self.files.push(location.file.clone());
            self.files.len() - 1
        });
        self.places.push(Place {
            line: location.line.try_into().unwrap_or(u32::MAX),
            column: location.column.try_into().unwrap_or(u16::MAX),
            length: location.length.try_into().unwrap_or(u8::MAX),
            file: file.try_into().unwrap_or(u8::MAX),
        });
    }

    /// The domain that was added as number `index`, from 0.
    pub fn get(&self, index: usize) -> Located<DomainPattern> {
        let value = self.text(index).parse().expect("it was a pattern when it was added");
        Located { value, location: self.location(index) }
    }

    /// The text of a domain or wildcard.
    pub fn text(&self, index: usize) -> &str {
        self.texts.get(index)
    }

    pub fn location(&self, index: usize) -> Location {
        let Place { line, column, length, file } = self.places[index];
        let file = Arc::clone(&self.files[usize::from(file)]);
        Location { length: length.into(), ..Location::new(file, line as usize, column.into()) }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = Located<DomainPattern>> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Keeps the domains for which `keeps` returns true.
    pub fn retain(&mut self, mut keeps: impl FnMut(&Located<DomainPattern>) -> bool) {
        *self = self.iter().filter(|pattern| keeps(pattern)).collect();
    }

    /// Returns unused memory to the allocator.
    pub fn shrink_to_fit(&mut self) {
        self.texts.shrink_to_fit();
        self.places.shrink_to_fit();
    }
}

impl Extend<Located<DomainPattern>> for DomainPatterns {
    fn extend<I: IntoIterator<Item = Located<DomainPattern>>>(&mut self, patterns: I) {
        for Located { value, location } in patterns {
            self.push(&value, &location);
        }
    }
}

impl FromIterator<Located<DomainPattern>> for DomainPatterns {
    fn from_iter<I: IntoIterator<Item = Located<DomainPattern>>>(patterns: I) -> Self {
        let mut collected = Self::default();
        collected.extend(patterns);
        collected
    }
}
