//! Which conversations of all are listed, in which order, and which part of that. Pure.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use crate::domain::ProjectId;
use crate::protocol::ConversationGroup;
use crate::store::Outline;

/// Which conversations.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    /// In one of these directories or below; none: anywhere.
    pub(super) directories: Vec<PathBuf>,
    /// Not in one of these, nor below.
    pub(super) not_in: Vec<PathBuf>,
    /// Only this agent's.
    pub(super) agent: Option<String>,
    /// Project by project.
    pub(super) grouped: bool,
    /// Without so many of the first.
    pub(super) skip: u32,
    /// So many at most.
    pub(super) limit: u32,
}

/// A part of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selected {
    /// Rows of the index.
    pub(super) rows: Vec<i64>,
    /// How many there are in all.
    pub(super) all: u32,
    /// The groups of all of them, in order.
    pub(super) groups: Vec<ConversationGroup>,
}

impl Selection {
    /// Selects of `outlines`, which are in the order of their last change. `owned` says what is left out by its
    /// id; `project` to which project a directory belongs.
    pub(super) fn of(
        &self,
        mut outlines: Vec<Outline>,
        owned: impl Fn(&str) -> bool,
        project: impl Fn(&Path) -> Option<ProjectId>,
    ) -> Selected {
        // There are far fewer directories than conversations.
        let mut wanted: HashMap<String, bool> = HashMap::new();
        outlines.retain(|outline| {
            let here = match wanted.get(&outline.directory) {
                Some(here) => *here,
                None => {
                    let here = self.takes(Path::new(&outline.directory));
                    wanted.insert(outline.directory.clone(), here);
                    here
                }
            };
            here && self
                .agent
                .as_ref()
                .is_none_or(|agent| *agent == outline.agent)
                && !owned(&outline.conversation)
        });
        let groups = match self.grouped {
            true => group(&mut outlines, project),
            false => {
                outlines.sort_by_key(|outline| !outline.strong);
                Vec::new()
            }
        };
        let part = outlines.iter().skip(self.skip as usize);
        Selected {
            rows: part.take(self.limit as usize).map(|it| it.row).collect(),
            all: u32::try_from(outlines.len()).unwrap_or(u32::MAX),
            groups,
        }
    }

    fn takes(&self, directory: &Path) -> bool {
        let within = |dirs: &[PathBuf]| dirs.iter().any(|dir| directory.starts_with(dir));
        (self.directories.is_empty() || within(&self.directories)) && !within(&self.not_in)
    }
}

/// Puts the conversations of a project together, that with the last change first.
fn group(
    outlines: &mut Vec<Outline>,
    project: impl Fn(&Path) -> Option<ProjectId>,
) -> Vec<ConversationGroup> {
    let mut groups: Vec<ConversationGroup> = Vec::new();
    let mut by_project: HashMap<ProjectId, usize> = HashMap::new();
    let mut by_directory: HashMap<String, usize> = HashMap::new();
    let mut numbered: Vec<(usize, Outline)> = Vec::with_capacity(outlines.len());
    for outline in outlines.drain(..) {
        let mut add = |project, directory: &str| {
            groups.push(ConversationGroup {
                project,
                directory: directory.into(),
                count: 0,
            });
            groups.len() - 1
        };
        let number = match by_directory.entry(outline.directory.clone()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let directory = &outline.directory;
                let number = match project(Path::new(directory)) {
                    Some(id) => *by_project.entry(id).or_insert_with(|| add(Some(id), "")),
                    None => add(None, directory),
                };
                *new.insert(number)
            }
        };
        groups[number].count += 1;
        numbered.push((number, outline));
    }
    numbered.sort_by_key(|(number, _)| *number);
    outlines.extend(numbered.into_iter().map(|(_, outline)| outline));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlines() -> Vec<Outline> {
        [
            (1, "claude", "/src/api", true),
            (2, "codex", "/src/web/x", false),
            (3, "claude", "/src/apix", true),
            (4, "claude", "/src/api/sub", false),
            (5, "gemini", "", false),
            (6, "codex", "/src/web", true),
        ]
        .into_iter()
        .map(|(row, agent, directory, strong)| Outline {
            row,
            agent: agent.into(),
            conversation: format!("id-{row}"),
            directory: directory.into(),
            strong,
        })
        .collect()
    }

    fn project(directory: &Path) -> Option<ProjectId> {
        directory.starts_with("/src/api").then_some(ProjectId(7))
    }

    fn select(selection: Selection) -> Selected {
        let limit = 50;
        Selection { limit, ..selection }.of(outlines(), |id| id == "id-6", project)
    }

    #[test]
    fn what_is_wanted_can_be_narrowed() {
        let paths = |path: &str| vec![PathBuf::from(path)];
        let usual = Selection::default;
        for (selection, rows) in [
            (usual(), &[1, 3, 2, 4, 5][..]),
            (
                Selection {
                    directories: paths("/src/api"),
                    ..usual()
                },
                &[1, 4],
            ),
            (
                Selection {
                    not_in: paths("/src"),
                    ..usual()
                },
                &[5],
            ),
            (
                Selection {
                    agent: Some("codex".into()),
                    ..usual()
                },
                &[2],
            ),
        ] {
            assert_eq!(select(selection.clone()).rows, rows, "{selection:?}");
        }
        let part = Selection {
            skip: 1,
            limit: 2,
            ..usual()
        };
        let part = part.of(outlines(), |_| false, project);
        assert_eq!((part.rows, part.all), (vec![3, 6], 6));
    }

    #[test]
    fn projects_stand_together_in_the_order_of_their_last_change() {
        let selected = select(Selection {
            grouped: true,
            ..Selection::default()
        });
        assert_eq!(selected.rows, [1, 4, 2, 3, 5]);
        let groups: Vec<(Option<ProjectId>, &str, u32)> = selected
            .groups
            .iter()
            .map(|group| {
                (
                    group.project,
                    group.directory.to_str().unwrap(),
                    group.count,
                )
            })
            .collect();
        assert_eq!(
            groups,
            [
                (Some(ProjectId(7)), "", 2),
                (None, "/src/web/x", 1),
                (None, "/src/apix", 1),
                (None, "", 1)
            ]
        );
    }
}
