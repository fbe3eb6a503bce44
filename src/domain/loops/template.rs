//! Templates: a text with names in it that are replaced.
//!
//! `{{name}}` is replaced by what it stands for; `{{#name}}…{{/name}}` stands only where that is not empty,
//! `{{^name}}…{{/name}}` only where it is. Pure. Invariants: what is put in is never read as a template again;
//! an unknown name is an error that names its line, so that a typing mistake is not told to an agent.

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A name nobody knows.
    #[error("line {0}: there is no `{{{{{1}}}}}`")]
    Unknown(usize, String),
    /// A section without its end, or an end without its section.
    #[error("line {0}: `{{{{{1}}}}}` has no counterpart")]
    Unbalanced(usize, String),
}

/// Fills `template`; `value` knows what a name stands for.
///
/// # Errors
/// Where the template is wrong; see [`TemplateError`].
pub fn fill<'a>(
    template: &'a str,
    value: impl Fn(&str) -> Option<&'a str>,
) -> Result<String, TemplateError> {
    let mut filled = String::new();
    // The sections around, and whether what stands in them is shown.
    let mut open: Vec<(&str, bool)> = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find("{{") {
        let shown = open.last().is_none_or(|(_, shown)| *shown);
        if shown {
            filled.push_str(&rest[..at]);
        }
        let line = template[..template.len() - rest.len() + at]
            .matches('\n')
            .count()
            + 1;
        let Some(end) = rest[at..].find("}}") else {
            return Err(TemplateError::Unbalanced(line, "{{".to_owned()));
        };
        let tag = rest[at + 2..at + end].trim();
        rest = &rest[at + end + 2..];
        let known = |name: &str| {
            value(name.trim()).ok_or_else(|| TemplateError::Unknown(line, tag.to_owned()))
        };
        if let Some(name) = tag.strip_prefix('#') {
            open.push((name.trim(), shown && !known(name)?.is_empty()));
        } else if let Some(name) = tag.strip_prefix('^') {
            open.push((name.trim(), shown && known(name)?.is_empty()));
        } else if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some((opened, _)) if opened == name.trim() => {}
                _ => return Err(TemplateError::Unbalanced(line, tag.to_owned())),
            }
        } else {
            let text = known(tag)?;
            if shown {
                filled.push_str(text);
            }
        }
    }
    if let Some((name, _)) = open.pop() {
        let line = template.matches('\n').count() + 1;
        return Err(TemplateError::Unbalanced(line, format!("#{name}")));
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> Option<&'static str> {
        Some(match name {
            "a" => "A",
            "none" => "",
            "evil" => "{{a}} {{#b}}",
            _ => return None,
        })
    }

    #[test]
    fn names_and_sections() {
        for (template, filled) in [
            ("", "Ok(\"\")"),
            ("x {{a}} y {{ a }}", "Ok(\"x A y A\")"),
            ("{{#a}}yes {{a}}{{/a}}{{^a}}no{{/a}}", "Ok(\"yes A\")"),
            ("{{#none}}yes{{/none}}{{^none}}no{{/none}}", "Ok(\"no\")"),
            ("{{#none}}{{#a}}x{{/a}}{{/none}}y", "Ok(\"y\")"),
            ("{{#a}}{{^none}}x{{/none}}{{/a}}", "Ok(\"x\")"),
            ("{{evil}}", "Ok(\"{{a}} {{#b}}\")"),
            ("{a} }} {", "Ok(\"{a} }} {\")"),
            ("\n{{b}}", "Err(Unknown(2, \"b\"))"),
            ("{{#none}}{{b}}{{/none}}", "Err(Unknown(1, \"b\"))"),
            ("{{a", "Err(Unbalanced(1, \"{{\"))"),
            ("{{/a}}", "Err(Unbalanced(1, \"/a\"))"),
            ("{{#a}}", "Err(Unbalanced(1, \"#a\"))"),
            ("{{#a}}{{#none}}{{/a}}", "Err(Unbalanced(1, \"/a\"))"),
        ] {
            assert_eq!(format!("{:?}", fill(template, value)), filled, "{template}");
        }
        let error = fill("a\n\n{{wrong}}", value).expect_err("unknown");
        assert_eq!(error.to_string(), "line 3: there is no `{{wrong}}`");
    }
}
