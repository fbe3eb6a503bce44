//! Names made from what people type: branch slugs and titles.

use super::ids::TaskId;

/// The longest slug, in bytes: short enough for a terminal title and for a path on every file system.
const MAX_SLUG: usize = 40;

/// The longest title made from a prompt, in characters.
const MAX_TITLE: usize = 60;

/// The branch of a task: `gluon/12-fix-the-login-bug`.
pub fn branch_name(id: TaskId, title: &str) -> String {
    format!("gluon/{}", dir_name(id, title))
}

/// The directory of a task's worktree: `12-fix-the-login-bug`.
pub fn dir_name(id: TaskId, title: &str) -> String {
    match slug(title).as_str() {
        "" => id.to_string(),
        slug => format!("{id}-{slug}"),
    }
}

/// Lower-case ASCII letters and digits of `title`, words joined by `-`, cut at a word where there is one.
///
/// Latin letters with marks lose them; everything else is left out, so the result is always a legal part
/// of a git ref and of a path.
pub fn slug(title: &str) -> String {
    let plain: String = title.chars().flat_map(char::to_lowercase).fold(
        String::with_capacity(title.len()),
        |mut plain, letter| {
            match (letter, unmarked(letter)) {
                // Marks that follow their letter: `e` and U+0301, as macOS spells the names of files.
                ('\u{300}'..='\u{36f}', _) => {}
                (_, "") => plain.push(letter),
                (_, letters) => plain.push_str(letters),
            }
            plain
        },
    );
    let mut slug = String::new();
    for word in plain
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        let room = MAX_SLUG.saturating_sub(slug.len());
        if slug.is_empty() {
            slug.extend(word.chars().take(room));
        } else if word.len() < room {
            slug.push('-');
            slug.push_str(word);
        } else {
            break;
        }
    }
    slug
}

/// A lower-case Latin letter without its marks; empty where it is another.
pub fn unmarked(letter: char) -> &'static str {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ì'..='ï' | 'ĩ' | 'ī' | 'į' | 'ı' => "i",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

/// A one-line title from a prompt: its first line with text, without markdown marks, cut with an ellipsis.
pub fn title_from_prompt(prompt: &str) -> String {
    let line = prompt
        .lines()
        .map(|line| {
            line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '#' | '*' | '-' | '>'))
        })
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let clean: String = line.chars().filter(|c| !c.is_control()).collect();
    if clean.chars().count() <= MAX_TITLE {
        return clean;
    }
    let cut: String = clean.chars().take(MAX_TITLE - 1).collect();
    let at = match cut.rfind(' ') {
        Some(space) if space > MAX_TITLE / 2 => space,
        _ => cut.len(),
    };
    format!("{}…", cut[..at].trim_end())
}

/// `name`, or `name-2`, `name-3`, … : the first that `taken` does not know.
pub fn first_free(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    (2u32..)
        .map(|number| format!("{name}-{number}"))
        .find(|candidate| !taken(candidate))
        .unwrap_or_else(|| name.to_owned())
}

/// Whether an agent of this name is one that a task which names none never means: the scripted agent of the
/// demonstration, and the plain shell, which would run a sentence as a command.
pub fn is_named_only(agent: &str) -> bool {
    matches!(agent, "demo" | "shell")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_legal_and_short() {
        for (title, expected) in [
            ("Fix the login bug", "fix-the-login-bug"),
            ("  ../../etc/passwd ", "etc-passwd"),
            ("Größe & Maße: prüfen!", "grosse-masse-prufen"),
            (
                "Ärger mit ÆØÅ, e\u{301}té, İstanbul",
                "arger-mit-aeoa-ete-istanbul",
            ),
            ("日本語", ""),
            ("-rf --force", "rf-force"),
            ("a.lock", "a-lock"),
            (
                "one two three four five six seven eight nine ten",
                "one-two-three-four-five-six-seven-eight",
            ),
            (
                "Donaudampfschifffahrtsgesellschaftskapitaensmuetze",
                "donaudampfschifffahrtsgesellschaftskapit",
            ),
        ] {
            let slug = slug(title);
            assert_eq!(slug, expected);
            assert!(slug.len() <= MAX_SLUG);
        }
        assert_eq!(branch_name(TaskId(7), "日本"), "gluon/7");
        assert_eq!(branch_name(TaskId(7), "Add x"), "gluon/7-add-x");
    }

    #[test]
    fn titles_come_from_the_first_line_with_text() {
        for (prompt, expected) in [
            ("", ""),
            ("\n\n  # Fix the bug\nmore", "Fix the bug"),
            ("- a list item", "a list item"),
            ("red\u{1b}[31m text", "red[31m text"),
        ] {
            assert_eq!(title_from_prompt(prompt), expected);
        }
        let long = title_from_prompt(&"word ".repeat(40));
        assert!(long.ends_with("word…") && long.chars().count() <= MAX_TITLE);
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let taken = ["api", "api-2"];
        assert_eq!(first_free("api", |n| taken.contains(&n)), "api-3");
        assert_eq!(first_free("web", |n| taken.contains(&n)), "web");
    }
}
