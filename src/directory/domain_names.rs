//! Many names in one buffer.
//!
//! A `Vec<Domain>` of a million names needs two allocations' worth of bookkeeping for each: 16 bytes for the pointer and
//! the length, and the allocator's own 16 to 24. Here a name costs its text and four bytes. `string-interner` and
//! `compact_str` were considered: the first adds a hash table, the second takes 24 bytes for each name.

use std::ops::Range;

/// Names, in the order in which they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DomainNames {
    text: String,
    /// Where each name ends in `text`.
    ends: Vec<u32>,
}

/// More text than [`DomainNames`] can hold: 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the names are longer than 4 GiB in total")]
pub struct TooManyNames;

impl DomainNames {
    /// Adds a name.
    ///
    /// # Errors
    /// If the text would be longer than 4 GiB. The name is not added.
    pub fn push(&mut self, name: &str) -> Result<(), TooManyNames> {
        let end = u32::try_from(self.text.len() + name.len()).map_err(|_| TooManyNames)?;
        self.text.push_str(name);
        self.ends.push(end);
        Ok(())
    }

    /// The name that was added as number `index`, from 0.
    pub fn get(&self, index: usize) -> &str {
        &self.text[self.range(index)]
    }

    /// As [`Self::get`], as bytes.
    pub fn bytes(&self, index: usize) -> &[u8] {
        &self.text.as_bytes()[self.range(index)]
    }

    /// The bytes of a name in the text.
    fn range(&self, index: usize) -> Range<usize> {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        start as usize..self.ends[index] as usize
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Space for so many names and so many bytes of text.
    pub fn with_capacity(names: usize, text: usize) -> Self {
        Self { text: String::with_capacity(text), ends: Vec::with_capacity(names) }
    }

    /// Returns unused memory to the allocator.
    pub fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_the_names_in_their_order() {
        let mut names = DomainNames::default();
        assert!(names.is_empty());
        for name in ["b.example", "a.example", ""] {
            names.push(name).unwrap();
        }
        assert_eq!(names.iter().collect::<Vec<_>>(), ["b.example", "a.example", ""]);
        assert_eq!((names.len(), names.get(1)), (3, "a.example"));
    }
}
