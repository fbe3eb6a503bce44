//! Pull requests: the branch is pushed, and the program of its host opens one.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use super::integrate::Wanted;
use super::{Service, blocking};
use crate::daemon::check::{self, Check, Printed};
use crate::git::{self, Git};
use crate::protocol::{ApiError, ApiResult, ErrorCode};

/// GitHub's. What there is already is not opened again.
const GH: &str = r#"gh pr create --head "$GLUON_BRANCH" --base "$GLUON_INTO" --title "$GLUON_TITLE" --body "$GLUON_BODY" || gh pr view "$GLUON_BRANCH" --json url --jq .url"#;
/// GitLab's.
const GLAB: &str = r#"glab mr create --yes --source-branch "$GLUON_BRANCH" --target-branch "$GLUON_INTO" --title "$GLUON_TITLE" --description "$GLUON_BODY" || glab mr view "$GLUON_BRANCH""#;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(120);

impl Service {
    /// Pushes the task's branch and opens a pull request; where it is.
    pub(super) async fn open_pull_request(self: &Arc<Self>, wanted: &Wanted) -> ApiResult<String> {
        let plan = &wanted.plan;
        let (root, branch) = (plan.root.clone(), plan.branch.clone());
        let remote = blocking(move || git::push(&Git::new(), &root, &branch)).await??;
        let command = match &self.config.review.pull_request {
            Some(command) => command.clone(),
            None => usual(&remote, &std::env::var_os("PATH").unwrap_or_default())?.to_owned(),
        };
        let (title, body) = plan.message.split_once('\n').unwrap_or((&plan.message, ""));
        let variable = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
        let check = Check {
            command,
            dir: plan.root.clone(),
            timeout: PATIENCE,
            env: vec![
                variable("GLUON_BRANCH", &plan.branch),
                variable("GLUON_INTO", &plan.target),
                variable("GLUON_TITLE", title.trim()),
                variable("GLUON_BODY", body.trim()),
                variable("GH_PROMPT_DISABLED", "1"),
            ],
        };
        let ended = check::run(&check, &Printed::default()).await;
        if ended.verdict.is_passed() {
            return Ok(address(&ended.output).unwrap_or_else(|| "open".to_owned()));
        }
        let last = ended.output.trim().lines().next_back().unwrap_or_default();
        let message = format!(
            "no pull request was opened ({}): {last}",
            ended.verdict.words()
        );
        Err(ApiError::new(ErrorCode::Failed, message)
            .with_hint(format!("the branch is pushed: {}", plan.branch)))
    }
}

/// The program of the remote's host, or whichever is there.
fn usual(remote: &str, path: &std::ffi::OsStr) -> ApiResult<&'static str> {
    let there = |name: &str| std::env::split_paths(path).any(|dir| dir.join(name).is_file());
    let known = [("glab", GLAB), ("gh", GH)];
    let preferred = if remote.contains("gitlab") {
        "glab"
    } else {
        "gh"
    };
    let found = known
        .iter()
        .filter(|(name, _)| there(name))
        .max_by_key(|(name, _)| *name == preferred);
    found.map(|(_, command)| *command).ok_or_else(|| {
        let message = format!("`{preferred}` is not installed, which opens pull requests");
        ApiError::new(ErrorCode::Failed, message).with_hint(
            "the branch is pushed; install it, or name another command: pull_request in [review]",
        )
    })
}

/// The last address in what a program has printed.
fn address(output: &str) -> Option<String> {
    let words = output.split_whitespace().rev();
    let mut found =
        words.filter(|word| word.starts_with("https://") || word.starts_with("http://"));
    let clean = |word: &str| word.chars().filter(|c| !c.is_control()).take(300).collect();
    found.next().map(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_that_of_the_host() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().as_os_str();
        let error = usual("git@github.com:a/b", path).unwrap_err();
        assert!(error.message.contains("`gh`"), "{error}");
        std::fs::write(dir.path().join("glab"), "").unwrap();
        assert_eq!(usual("git@github.com:a/b", path), Ok(GLAB));
        std::fs::write(dir.path().join("gh"), "").unwrap();
        assert_eq!(usual("git@github.com:a/b", path), Ok(GH));
        assert_eq!(usual("https://gitlab.example.org/a", path), Ok(GLAB));
    }

    #[test]
    fn the_address_is_the_last_one() {
        let said = "Creating pull request\nwarning: https://x\n\nhttps://host/a/b/pull/7\n";
        assert_eq!(address(said).as_deref(), Some("https://host/a/b/pull/7"));
        assert_eq!(address("nothing"), None);
    }
}
