//! Phrases of completion: what an agent says in its own words when it thinks that it is done. Weak evidence:
//! it adds to the confidence and never ends a loop.
//!
//! A phrase is looked for in each sentence of plain prose (see [`super::prose`]) on its own; one word of doubt,
//! denial, condition or future in the sentence, and it says nothing. So "all tasks are done" counts, "not all
//! tasks are done", "once all tasks are done" and "are all tasks done?" do not.
//!
//! Pure; linear in the length of the message, which is untrusted.

use super::prose::{self, Kind};

/// The longest sentence that is read, in words; a longer one is no statement.
const MOST_WORDS: usize = 40;
/// The longest quotation of a sentence, in characters.
const MOST_QUOTED: usize = 120;

/// What is done, how it is said: alternatives by `/`, a word that may be missing with `?`.
const PHRASES: [&str; 22] = [
    "all/every of? the? remaining? tasks/items/steps/boxes/requirements/features/criteria/work is/are/have/has? been/now? complete/completed/done/finished/implemented/met/addressed",
    "all/every task/item/step/box/requirement/feature is/has? been? now? complete/completed/done/finished/implemented/met/addressed",
    "the/this task/implementation/project/feature/work/plan/migration/refactoring/refactor is/has? been? now? fully? complete/completed/done/finished/implemented",
    "everything is/has/in? the? plan? is? been? now? complete/completed/done/finished/implemented/ticked/working",
    "nothing is? left/remains/remaining to? do/implement/change?",
    "nothing else/more to/is? do/left?",
    "there is/are? nothing left/more/else to? do?",
    "there's nothing left/more/else to? do?",
    "no more/further work/tasks/changes is/are? needed/required/left/remaining/remain?",
    "no tasks/work/items remain/remaining/left",
    "ready for/to review/merge",
    "task/implementation/project/work/feature complete/completed/done/finished",
    "i/we/i've/we've have? completed/finished/implemented all/everything",
    "i/we/i've/we've have? completed/finished/implemented the/this task/implementation/project/work/plan",
    "alle aufgaben/punkte/schritte sind? erledigt/fertig/abgeschlossen",
    "alles ist? erledigt/fertig/abgeschlossen/umgesetzt",
    "toutes les tâches sont? terminées/achevées/faites",
    "tout est terminé/fini/fait",
    "todas las tareas están/han? sido? completadas/completas/terminadas/hechas",
    "todo está terminado/hecho/completo/listo",
    "todas as tarefas estão/foram? concluídas/completas/feitas",
    "tutte le attività sono? completate/terminate/concluse",
];

/// Whole sentences of one or two words.
const SHORT: [&str; 12] = [
    "done",
    "all done",
    "complete",
    "completed",
    "finished",
    "all complete",
    "task done",
    "mission accomplished",
    "fertig",
    "terminé",
    "hecho",
    "готово",
];

/// In languages that set no spaces: looked for as they are.
const UNSPACED: [&str; 8] = [
    "所有任务已完成",
    "所有任务都已完成",
    "任务已完成",
    "全部完成",
    "すべてのタスクが完了しました",
    "全てのタスクが完了しました",
    "모든 작업이 완료되었습니다",
    "所有任務已完成",
];

/// A word that takes a statement back, or makes it one about another time or case.
const DOUBTS: [&str; 71] = [
    "not",
    "no-one",
    "never",
    "neither",
    "nor",
    "cannot",
    "can't",
    "without",
    "yet",
    "still",
    "almost",
    "nearly",
    "partially",
    "partly",
    "mostly",
    "half",
    "only",
    "except",
    "but",
    "however",
    "although",
    "though",
    "unless",
    "until",
    "till",
    "before",
    "after",
    "when",
    "whenever",
    "once",
    "if",
    "whether",
    "assuming",
    "soon",
    "will",
    "would",
    "should",
    "could",
    "might",
    "may",
    "must",
    "shall",
    "please",
    "let",
    "let's",
    "todo",
    "remain",
    "fail",
    "failing",
    "fails",
    "failed",
    "broken",
    "claims",
    "claimed",
    "says",
    "said",
    "pretend",
    "want",
    "wants",
    "need",
    "needs",
    "make",
    "ensure",
    "verify",
    "check",
    "next",
    "then",
    "say",
    "think",
    "believe",
    "example",
];

const FOREIGN_DOUBTS: [&str; 30] = [
    "nicht", "noch", "fast", "kein", "keine", "sobald", "wenn", "falls", "bis", "außer", "aber",
    "pas", "ne", "n'est", "presque", "quand", "si", "mais", "sauf", "encore", "aún", "todavía",
    "casi", "cuando", "pero", "não", "ainda", "quase", "quando", "non",
];

const UNSPACED_DOUBTS: [&str; 11] = [
    "未",
    "没",
    "沒",
    "不",
    "如果",
    "之后",
    "ない",
    "ません",
    "たら",
    "아직",
    "않",
];

/// The sentences of `message` that say that everything is done, shortened.
pub fn completion(message: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (kind, line) in prose::lines(message) {
        if kind != Kind::Plain {
            continue;
        }
        for sentence in sentences(line) {
            if says_done(sentence) {
                let short: String = sentence
                    .trim()
                    .chars()
                    .filter(|c| !c.is_control())
                    .collect();
                found.push(short.chars().take(MOST_QUOTED).collect());
            }
            if found.len() >= 8 {
                return found;
            }
        }
    }
    found
}

/// The sentences of a line, each with what ends it. A list item, a heading and a line are sentences too.
fn sentences(line: &str) -> impl Iterator<Item = &str> {
    line.split_inclusive(['.', '!', '?', ';', '。', '！', '？', '；'])
}

fn says_done(sentence: &str) -> bool {
    let sentence = sentence.trim();
    // A question, an open box, a block's field, or words in quotation marks.
    if sentence.ends_with(['?', '？'])
        || sentence.contains("[ ]")
        || sentence.contains(['"', '“', '„', '«', '`', '|', '{'])
    {
        return false;
    }
    if UNSPACED.iter().any(|phrase| sentence.contains(phrase)) {
        return !UNSPACED_DOUBTS.iter().any(|doubt| sentence.contains(doubt));
    }
    let lower = sentence.to_lowercase().replace('’', "'");
    let words: Vec<&str> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '-'))
        .map(|word| word.trim_matches(['\'', '-']))
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS + 1)
        .collect();
    if words.is_empty() || words.len() > MOST_WORDS || words.iter().any(|word| doubts(word)) {
        return false;
    }
    SHORT.contains(&words.join(" ").as_str())
        || PHRASES.iter().any(|phrase| {
            let slots: Vec<&str> = phrase.split(' ').collect();
            (0..words.len()).any(|at| matches(&words[at..], &slots))
        })
}

fn doubts(word: &str) -> bool {
    word.ends_with("n't") || DOUBTS.contains(&word) || FOREIGN_DOUBTS.contains(&word)
}

/// Whether `words` begin with the phrase of these slots.
fn matches(words: &[&str], slots: &[&str]) -> bool {
    let Some((slot, later)) = slots.split_first() else {
        return true;
    };
    let optional = slot.ends_with('?');
    let mut choices = slot.trim_end_matches('?').split('/');
    let here = words
        .first()
        .is_some_and(|word| choices.any(|choice| choice == *word));
    (here && matches(&words[1..], later)) || (optional && matches(words, later))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_of_completion() {
        for message in [
            "All tasks are complete.",
            "All tasks completed",
            "All remaining tasks have been completed!",
            "✅ All items are done",
            "Every requirement has been met.",
            "The task is complete.",
            "The implementation is now complete. Tests pass.",
            "This feature has been fully implemented.",
            "**The project is done.**",
            "# Task complete",
            "- Everything is done.",
            "Everything in the plan is done.",
            "Everything has been implemented.",
            "Nothing left to do.",
            "Nothing is left to do.",
            "There is nothing left to do",
            "There's nothing more to do.",
            "No more work is needed.",
            "No further changes are required.",
            "No tasks remaining.",
            "It is ready for review.",
            "Ready to merge!",
            "I have completed all the tasks.",
            "I've finished everything.",
            "We have implemented all of the requirements.",
            "Done.",
            "All done!",
            "Mission accomplished.",
            "Alle Aufgaben sind erledigt.",
            "Alles ist fertig.",
            "Toutes les tâches sont terminées.",
            "Todas las tareas están completadas.",
            "Todas as tarefas foram concluídas.",
            "Tutte le attività sono completate.",
            "所有任务已完成。",
            "すべてのタスクが完了しました。",
            "모든 작업이 완료되었습니다.",
            "I fixed it.\r\nDone.\r\n",
        ] {
            assert!(!completion(message).is_empty(), "{message}");
        }
    }

    #[test]
    fn words_that_only_sound_like_it() {
        for message in [
            "",
            "Not done.",
            "Not all tasks are complete.",
            "All tasks are not complete yet.",
            "The tasks aren't all done.",
            "The task isn't complete.",
            "The task isn’t complete.",
            "The task is almost complete.",
            "The implementation is mostly done.",
            "All tasks are complete except the last.",
            "All tasks are done, but two tests fail.",
            "Once all tasks are complete, I will say so.",
            "When everything is done, run the checks.",
            "If all tasks are done the loop ends.",
            "I will stop after all tasks are complete.",
            "All tasks will be completed.",
            "All tasks should be completed by then.",
            "Are all tasks done?",
            "Is the implementation complete?",
            "Let me check whether everything is done.",
            "Make sure all tasks are done.",
            "Two tasks are done, three are open.",
            "The first task is a complete rewrite.",
            "I completed the parser.",
            "Step 3 of 7 is done.",
            "The download is complete.",
            "TODO: mark the task complete",
            "- [ ] All tasks are done",
            "> All tasks are complete.",
            "    All tasks are complete.",
            "```\nAll tasks are complete.\n```",
            "`All tasks are complete.`",
            "The message says \"All tasks are complete.\"",
            "He said “everything is done”.",
            "{\"result\": \"All tasks are complete\"}",
            "STATUS: IN_PROGRESS | COMPLETE | BLOCKED",
            "The log claims all tasks are complete.",
            "Nothing works.",
            "There is nothing wrong.",
            "No tasks were found in the wrong place.",
            "It is not ready for review.",
            "Ready for the next task.",
            "done is a keyword in bash",
            "Noch nicht alle Aufgaben sind erledigt.",
            "Sobald alle Aufgaben erledigt sind, höre ich auf.",
            "Alles ist fast fertig.",
            "Toutes les tâches ne sont pas terminées.",
            "Todavía no: todas las tareas están completadas casi.",
            "所有任务未完成。",
            "如果所有任务已完成",
            "すべてのタスクが完了しましたら知らせます。",
            "아직 모든 작업이 완료되었습니다",
        ] {
            assert_eq!(completion(message), Vec::<String>::new(), "{message}");
        }
    }

    #[test]
    fn what_is_kept_is_short() {
        let message = "Done.\n".repeat(100_000);
        assert_eq!(completion(&message).len(), 8);
        let long = format!("Everything is done {}", "x".repeat(10_000));
        assert!(
            completion(&long)
                .iter()
                .all(|kept| kept.chars().count() <= MOST_QUOTED)
        );
        assert!(completion(&"word ".repeat(200_000)).is_empty());
    }

    proptest! {
        #[test]
        fn a_denial_is_never_a_completion(
            phrase in prop::sample::select(vec!["all tasks are complete", "everything is done", "done",
                "the task is complete", "there is nothing left to do"]),
            doubt in prop::sample::select(DOUBTS.to_vec()),
            first in any::<bool>(),
        ) {
            let sentence = if first { format!("{doubt} {phrase}") } else { format!("{phrase} {doubt}") };
            prop_assert!(completion(&sentence).is_empty(), "{}", sentence);
        }

        #[test]
        fn no_text_makes_it_fail(text in any::<String>()) {
            completion(&text);
        }
    }
}
