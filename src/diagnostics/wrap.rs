//! Text in lines that fit a terminal.

use textwrap::{Options, WordSeparator, WordSplitter};

/// The columns of printed text. Longer words, like paths and host names, are not cut.
pub const WIDTH: usize = 80;

/// A text in lines of at most [`WIDTH`] columns: the first one begins with `first`, the others with `others`. The last
/// line has a line feed.
pub fn wrapped(first: &str, text: &str, others: &str) -> String {
    let options = Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(others)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        // `password-cleartext` is one word.
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(text, options) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indents_further_lines_and_cuts_no_word() {
        let words = "word ".repeat(20);
        let text = wrapped("hint: ", words.trim_end(), "      ");
        assert_eq!(text.lines().map(str::len).collect::<Vec<_>>(), [80, 30]);
        assert!(text.lines().nth(1).unwrap().starts_with("      word"));
        let path = "x".repeat(100);
        assert_eq!(wrapped("", &format!("in {path}"), "  "), format!("in\n  {path}\n"));
    }
}
