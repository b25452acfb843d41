//! The problems that are found while files are read.

use std::cell::RefCell;

use super::problem::{InvalidValue, Location, Problem, Severity};

/// Collects problems. Every reader has a shared reference to it, as the passes of a compiler do.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<Found>>);

#[derive(Debug)]
struct Found {
    problem: Problem,
    /// An error that invalidates only the value that it is about.
    is_confined: bool,
}

/// How many problems there were at some time.
#[derive(Debug, Clone, Copy)]
pub struct Mark(usize);

impl Problems {
    pub fn push(&self, problem: Problem) {
        self.0.borrow_mut().push(Found { problem, is_confined: false });
    }

    pub fn extend(&self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    pub fn error(&self, location: Location, message: impl Into<String>, hint: impl Into<String>) {
        self.push(Problem::error(location, message, hint));
    }

    pub fn warning(&self, location: Location, message: impl Into<String>, hint: impl Into<String>) {
        self.push(Problem::warning(location, message, hint));
    }

    pub fn note(&self, location: Location, message: impl Into<String>, hint: impl Into<String>) {
        self.push(Problem::note(location, message, hint));
    }

    /// An error about the invalid value at a location.
    pub fn invalid(&self, location: Location, value: InvalidValue) {
        self.push(Problem::at(location, value));
    }

    /// The problems in the order of their discovery.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0.into_inner().into_iter().map(|found| found.problem).collect()
    }

    /// The problems in the order of their locations.
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.into_vec();
        problems.sort_by(|a, b| a.location.cmp(&b.location));
        problems
    }

    pub fn has_errors(&self) -> bool {
        self.0.borrow().iter().any(|found| found.problem.is_error())
    }

    pub fn mark(&self) -> Mark {
        Mark(self.0.borrow().len())
    }

    /// Whether an error since the mark invalidates more than the value that it is about.
    pub fn has_errors_since(&self, mark: Mark) -> bool {
        self.0.borrow()[mark.0..].iter().any(|found| found.problem.is_error() && !found.is_confined)
    }

    /// Declares that the errors since the mark invalidate only the values that they are about.
    pub fn confine(&self, mark: Mark) {
        self.0.borrow_mut()[mark.0..].iter_mut().for_each(|found| found.is_confined = true);
    }

    /// Turns the errors since the mark into warnings.
    pub fn downgrade(&self, mark: Mark) {
        for Found { problem, .. } in &mut self.0.borrow_mut()[mark.0..] {
            problem.severity = problem.severity.max(Severity::Warning);
        }
    }
}
