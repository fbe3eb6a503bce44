//! Lines of text for people: wrapped between words, with the little of Markdown that reads better as style.

use unicode_width::UnicodeWidthChar as _;

/// Wider than that no text is set: lines that are too long are hard to read.
pub(super) const MEASURE: u16 = 100;

/// How a character looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Look {
    bold: bool,
    code: bool,
}

/// What is printed where a look begins.
impl Look {
    fn sequence(self) -> &'static str {
        match (self.bold, self.code) {
            (false, false) => "\x1b[0m",
            (true, false) => "\x1b[0;1m",
            (false, true) => "\x1b[0;36m",
            (true, true) => "\x1b[0;1;36m",
        }
    }
}

/// Prints one line of a message; `fenced`: whether it stands between the fences of code, which it may open
/// or close.
pub(super) fn line(text: &str, width: u16, fenced: &mut bool, out: &mut Vec<u8>) {
    let trimmed = text.trim_start();
    if trimmed.starts_with("```") {
        *fenced = !*fenced;
        return;
    }
    if *fenced {
        // Code is not wrapped between words.
        push(out, "\x1b[36m  ");
        push(out, &text.replace('\t', "    "));
        push(out, "\x1b[0m\r\n");
        return;
    }
    let heading = heading(trimmed);
    let look = Look {
        bold: heading.is_some(),
        code: false,
    };
    let indent = text.len() - trimmed.len();
    let styled = styled(heading.unwrap_or(trimmed), look);
    let start = indent.min(usize::from(width) / 3);
    let hang = start + marker(trimmed);
    wrap(&styled, usize::from(width.min(MEASURE)), start, hang, out);
}

/// The words of `## words`.
fn heading(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches('#');
    let level = text.len() - rest.len();
    let words = rest.strip_prefix(' ')?;
    (1..=6).contains(&level).then(|| words.trim())
}

/// How far the text of an item of a list stands in.
fn marker(text: &str) -> usize {
    for bullet in ["- ", "* ", "• "] {
        if text.starts_with(bullet) {
            return 2;
        }
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text[digits..];
    match (1..=3).contains(&digits) && (rest.starts_with(". ") || rest.starts_with(") ")) {
        true => digits + 2,
        false => 0,
    }
}

/// The characters with their looks: `**bold**` and `` `code` `` without their marks, where both ends are there.
fn styled(text: &str, base: Look) -> Vec<(char, Look)> {
    let mut styled = Vec::with_capacity(text.len());
    let mut look = base;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("**").filter(|_| !look.code) {
            let opens = !look.bold && after.contains("**") && !after.starts_with([' ', '*']);
            if opens || (look.bold && !base.bold) {
                look.bold = !look.bold || base.bold;
                rest = after;
                continue;
            }
        }
        if let Some(after) = rest.strip_prefix('`')
            && (look.code || after.contains('`'))
        {
            look.code = !look.code;
            rest = after;
            continue;
        }
        if !c.is_control() {
            styled.push((c, look));
        }
        rest = &rest[c.len_utf8()..];
    }
    styled
}

/// Sets `text` within `width`, the first line from `start` on, the others from `hang` on.
fn wrap(text: &[(char, Look)], width: usize, start: usize, hang: usize, out: &mut Vec<u8>) {
    let hang = hang.min(width / 2);
    let mut col = start;
    push(out, &" ".repeat(start));
    let mut look = Look::default();
    let mut first = true;
    for word in text.split(|(c, _)| *c == ' ') {
        let size: usize = word.iter().map(|(c, _)| c.width().unwrap_or(0)).sum();
        if !first && col + 1 + size > width && col > hang {
            // What fits nowhere is left to the terminal to break.
            push(out, "\r\n");
            push(out, &" ".repeat(hang));
            col = hang;
        } else if !first {
            let next = word.first().map_or(look, |(_, look)| *look);
            if next != look && look != Look::default() {
                look = Look::default();
                push(out, look.sequence());
            }
            out.push(b' ');
            col += 1;
        }
        first = false;
        for (c, wanted) in word {
            if *wanted != look {
                look = *wanted;
                push(out, look.sequence());
            }
            let mut bytes = [0; 4];
            push(out, c.encode_utf8(&mut bytes));
        }
        col += size;
        if col > width {
            col %= width.max(1);
        }
    }
    if look != Look::default() {
        push(out, Look::default().sequence());
    }
    push(out, "\r\n");
}

/// `text` cut to so many columns.
pub(super) fn fit(text: &str, width: usize) -> String {
    let size = |c: char| c.width().unwrap_or(0);
    if text.chars().map(size).sum::<usize>() <= width {
        return text.to_owned();
    }
    let mut fitted = String::new();
    let mut col = 1;
    for c in text.chars() {
        col += size(c);
        if col > width {
            break;
        }
        fitted.push(c);
    }
    fitted.push('…');
    fitted
}

pub(super) fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, width: u16) -> String {
        let mut out = Vec::new();
        let mut fenced = false;
        for part in text.split('\n') {
            line(part, width, &mut fenced, &mut out);
        }
        String::from_utf8(out).unwrap().replace("\r\n", "\n")
    }

    #[test]
    fn lines_are_wrapped_between_words() {
        for (text, expected) in [
            ("one two three four", "one two\nthree four\n"),
            ("- one two three", "- one two\n  three\n"),
            ("12. one two three", "12. one two\n    three\n"),
            ("", "\n"),
            ("abcdefghijklmnop q", "abcdefghijklmnop q\n"),
            ("世界 世界 世界", "世界 世界\n世界\n"),
            // Plain words of a status block stay as they are.
            ("---RALPH_STATUS---", "---RALPH_STATUS---\n"),
        ] {
            assert_eq!(set(text, 11), expected);
        }
    }

    #[test]
    fn a_little_markdown_becomes_style() {
        for (text, expected) in [
            ("a **b c** d", "a \x1b[0;1mb c\x1b[0m d\n"),
            ("`x` y", "\x1b[0;36mx\x1b[0m y\n"),
            ("## Plan", "\x1b[0;1mPlan\x1b[0m\n"),
            ("2 ** 3 and `open", "2 ** 3 and `open\n"),
            ("#hash", "#hash\n"),
            (
                "```sh\nls **x**\n```\nend",
                "\x1b[36m  ls **x**\x1b[0m\nend\n",
            ),
            ("a\u{1b}[31mb", "a[31mb\n"),
        ] {
            assert_eq!(set(text, 40), expected);
        }
    }

    #[test]
    fn text_is_cut_to_columns() {
        assert_eq!(fit("hello", 5), "hello");
        assert_eq!(fit("hello!", 5), "hell…");
        assert_eq!(fit("世界世界", 5), "世界…");
        assert_eq!(fit("x", 0), "…");
    }

    proptest::proptest! {
        #[test]
        fn nothing_but_text_and_styles_comes_out(text in ".{0,200}", width in 0u16..300) {
            let set = set(&text, width);
            for part in set.split('\x1b').skip(1) {
                let end = part.find('m').unwrap();
                assert!(part[1..end].chars().all(|c| c.is_ascii_digit() || c == ';'));
            }
            assert!(!set.chars().any(|c| c.is_control() && c != '\n' && c != '\x1b'));
        }
    }
}
