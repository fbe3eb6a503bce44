//! How live sessions are doing: what is seen of each is noted, and every few seconds judged by the rules of
//! [`crate::domain::health`].
//!
//! Signs come from hooks, meters and streams the moment they happen ([`Service::note_sign`]); what nobody
//! tells is looked at by the monitor: the screen where it was printed on, child processes, the work tree.
//! Invariants: a session that is idle and silent costs a look at its activity and nothing else; what is slow
//! (processes, trees) is looked at on threads of its own, seldom, and for one tree once at a time; becoming
//! ill and getting well are in the history, each once.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::records::{Change, DAEMON};
use super::sessions::ask;
use super::{Service, blocking};
use crate::daemon::clock;
use crate::daemon::processes::{self, Processes, Work};
use crate::daemon::session::{Command, Meta, SessionHandle};
use crate::domain::health::{Chart, Children, Process, Sign};
use crate::domain::{Activity, HealthRule, Mode, RunId, SessionId, TaskId, Timestamp, Verdict};
use crate::git::TreeWatch;
use crate::protocol::{ApiResult, HealthView};
use crate::pty::process;

/// A process must be missing for so long before it is called gone: its end may be on its way.
const MISSING: Duration = Duration::from_secs(8);
/// Child processes of what says nothing of itself are looked at this seldom.
const SELDOM: Duration = Duration::from_secs(30);
/// A work tree is looked at this much more seldom than the rest, and in a share of the time at most.
const TREE_SELDOM: u64 = 2;
const TREE_SHARE: u32 = 20;

/// What is seen of a session whose process lives.
pub(super) struct Watched {
    run: RunId,
    task: TaskId,
    pid: Option<u32>,
    chart: Chart,
    verdict: Option<Verdict>,
    /// The newest output that was looked at.
    looked_at_output: Option<Timestamp>,
    /// The busy and the still children; `None` while they are being looked at.
    children: Option<processes::Children>,
    counted_at: Option<Instant>,
    missing_since: Option<(Instant, Timestamp)>,
    tree: Tree,
}

/// The looks at the work tree.
struct Tree {
    path: PathBuf,
    watch: Arc<Mutex<TreeWatch>>,
    looking: bool,
    /// Not before then.
    next: Option<Instant>,
    /// The newest sign at the last look: without a newer one there is nothing new.
    seen: Timestamp,
}

impl Service {
    /// Whether any process lives.
    pub(in crate::daemon) fn has_live_runs(&self) -> bool {
        !self.state().runs.is_empty()
    }

    /// Notes something that was seen of a session. This is where hooks, meters and streams tell what they
    /// see; of a session whose process does not live, nothing is noted.
    pub(super) fn note_sign(&self, session: SessionId, sign: Sign) {
        self.note_sign_at(session, clock::now(), sign);
    }

    fn note_sign_at(&self, session: SessionId, at: Timestamp, sign: Sign) {
        if let Some(watched) = self.state().health.get_mut(&session) {
            watched.chart.history.note(at, sign);
        }
    }

    /// The verdict on a session; `None` where no process of it lives, or it was not looked at yet.
    pub(super) fn verdict_on(&self, session: SessionId) -> Option<Verdict> {
        self.state().health.get(&session)?.verdict.clone()
    }

    /// How a session is doing at this moment, with everything that was looked at.
    pub(super) fn health_of(&self, session: SessionId) -> Option<HealthView> {
        let limits = self.config.health.thresholds();
        let state = self.state();
        let watched = state.health.get(&session)?;
        Some(HealthView {
            verdict: watched.chart.judge(&limits, clock::now()),
            present: watched.chart.present.clone(),
            signs: watched.chart.history.signs(),
        })
    }

    /// Looks at every session that lives, and judges it.
    pub(in crate::daemon) async fn look_at_health(self: &Arc<Self>) {
        let live = self.live_now();
        for (session, run, _) in &live {
            if let Err(error) = self.watch_health(*session, *run) {
                tracing::warn!(session = session.0, %error, "how it is doing cannot be watched");
            }
        }
        self.look_at_children(&live).await;
        for (session, _, handle) in &live {
            let meta = handle.meta();
            self.look_at_activity(*session, &meta);
            self.look_at_output(*session, handle, &meta).await;
            self.look_at_tree(*session, &meta);
            self.judge_health(*session);
        }
    }

    /// The sessions that have a process and are open; what is known of others is forgotten.
    fn live_now(&self) -> Vec<(SessionId, RunId, Arc<SessionHandle>)> {
        let mut guard = self.state();
        let state = &mut *guard;
        let live: Vec<_> = state
            .runs
            .iter()
            .filter_map(|(run, session)| {
                Some((*session, *run, state.sessions.get(session)?.clone()))
            })
            .collect();
        state
            .health
            .retain(|session, _| live.iter().any(|(other, ..)| other == session));
        live
    }

    /// Begins to watch a session, or notes that another run of it has begun.
    pub(super) fn watch_health(&self, id: SessionId, run: RunId) -> ApiResult<()> {
        let known = self.state().health.get(&id).map(|w| (w.run, w.pid));
        if known.is_some_and(|(known, pid)| known == run && pid.is_some()) {
            return Ok(());
        }
        let session = self.store.session(id)?;
        let runs = self.store.runs_of(id)?;
        let Some(now) = runs.iter().find(|other| other.id == run) else {
            return Ok(());
        };
        let looping = session.mode == Mode::Loop;
        let mut state = self.state();
        let watched = state.health.entry(id).or_insert_with(|| Watched {
            run,
            task: session.task,
            pid: None,
            chart: Chart::default(),
            verdict: None,
            looked_at_output: None,
            children: Some(processes::Children::default()),
            counted_at: None,
            missing_since: None,
            tree: Tree {
                path: session.cwd,
                watch: Arc::default(),
                looking: false,
                next: None,
                seen: Timestamp(0),
            },
        });
        // Its iterations tell what is usual.
        for before in runs
            .iter()
            .rev()
            .filter(|_| looping && watched.pid.is_none())
        {
            if let Some(ended) = before.ended_at {
                let length = ended.since(before.started_at);
                watched.chart.history.note(ended, Sign::Iteration(length));
            }
        }
        if watched.run != run {
            watched.children = Some(processes::Children::default());
            watched.chart.history.note(now.started_at, Sign::Prompted);
        }
        watched.run = run;
        watched.pid = now.pid;
        watched.missing_since = None;
        watched.chart.present.process = Process::Runs;
        watched.chart.present.started = now.started_at;
        watched.chart.present.iteration = looping.then_some(now.started_at);
        Ok(())
    }

    /// Child processes, those of all sessions in one look.
    async fn look_at_children(&self, live: &[(SessionId, RunId, Arc<SessionHandle>)]) {
        let mut looks = Vec::new();
        for (session, _, handle) in live {
            let every = match handle.meta().activity {
                Activity::Working | Activity::Starting => Duration::ZERO,
                Activity::Unknown => SELDOM,
                _ => continue,
            };
            let mut state = self.state();
            let Some(watched) = state.health.get_mut(session) else {
                continue;
            };
            if watched.counted_at.is_some_and(|at| at.elapsed() < every) {
                continue;
            }
            // Not before its process is known.
            let Some(pid) = watched.pid else { continue };
            if let Some(children) = watched.children.take() {
                watched.counted_at = Some(Instant::now());
                looks.push((*session, pid, children));
            }
        }
        if looks.is_empty() {
            return;
        }
        let looked = blocking(move || {
            let processes = Processes::read();
            let look = |(session, pid, mut children): (_, _, processes::Children)| {
                let work = processes.as_ref().map(|all| children.look(all, pid));
                (session, children, work)
            };
            looks.into_iter().map(look).collect::<Vec<_>>()
        });
        let now = clock::now();
        for (session, children, work) in looked.await.unwrap_or_default() {
            let mut state = self.state();
            let Some(watched) = state.health.get_mut(&session) else {
                continue;
            };
            watched.children = Some(children);
            watched.chart.present.children = match work {
                None => Children::Hidden,
                Some(Work::None) => Children::None,
                Some(Work::Still { name, age }) => Children::Still {
                    name,
                    since: now.plus(-(age.as_millis() as i64)),
                },
                Some(Work::Busy { name, cpu }) => {
                    let cpu = cpu.as_millis() as u64;
                    watched.chart.history.note(now, Sign::Child { name, cpu });
                    Children::None
                }
            };
        }
    }

    fn look_at_activity(&self, session: SessionId, meta: &Meta) {
        let mut state = self.state();
        let Some(watched) = state.health.get_mut(&session) else {
            return;
        };
        let chart = &mut watched.chart;
        chart.note_activity(&meta.activity, meta.activity_since);
        let there = watched.pid.is_none_or(process::exists);
        watched.missing_since = match (there, watched.missing_since) {
            (true, _) => None,
            (false, None) => Some((Instant::now(), clock::now())),
            (false, known) => known,
        };
        watched.chart.present.process = match watched.missing_since {
            Some((at, since)) if at.elapsed() >= MISSING => Process::Gone(since),
            _ => Process::Runs,
        };
    }

    /// Whether the screen says anything new, where it was printed on.
    async fn look_at_output(&self, id: SessionId, handle: &SessionHandle, meta: &Meta) {
        {
            let mut state = self.state();
            let Some(watched) = state.health.get_mut(&id) else {
                return;
            };
            if watched.looked_at_output == meta.last_output_at {
                return;
            }
            watched.looked_at_output = meta.last_output_at;
        }
        let screen = ask(handle, |reply| Command::Text(0, false, reply)).await;
        let (Ok(screen), Some(at)) = (screen, meta.last_output_at) else {
            return;
        };
        if let Some(watched) = self.state().health.get_mut(&id) {
            watched.chart.note_screen(&screen, at);
        }
    }

    /// Looks at the work tree, where something has happened since it was looked at.
    fn look_at_tree(self: &Arc<Self>, id: SessionId, meta: &Meta) {
        if !matches!(meta.activity, Activity::Working | Activity::Unknown) {
            return;
        }
        let (watch, path) = {
            let mut state = self.state();
            let Some(watched) = state.health.get_mut(&id) else {
                return;
            };
            let newest = watched.chart.history.newest().map(|(at, _)| at);
            let tree = &mut watched.tree;
            let due = tree.next.is_none_or(|next| Instant::now() >= next);
            let news = newest.filter(|at| *at > tree.seen);
            let (Some(seen), true, false) = (news, due, tree.looking) else {
                return;
            };
            tree.seen = seen;
            tree.looking = true;
            (tree.watch.clone(), tree.path.clone())
        };
        let service = self.clone();
        tokio::spawn(async move {
            let began = Instant::now();
            let looked = blocking(move || {
                let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
                watch.look(&path)
            });
            let looked = looked.await;
            let now = clock::now();
            let mut state = service.state();
            let Some(watched) = state.health.get_mut(&id) else {
                return;
            };
            watched.tree.looking = false;
            let usual = Duration::from_secs(service.config.health.every * TREE_SELDOM);
            let pause = usual.max(began.elapsed() * TREE_SHARE);
            watched.tree.next = Some(Instant::now() + pause);
            let tree = match looked {
                Ok(Ok(tree)) => tree,
                Ok(Err(error)) => {
                    tracing::debug!(session = id.0, %error, "a work tree cannot be looked at");
                    return;
                }
                Err(_) => return,
            };
            for (file, content) in tree.written {
                let content = Some(content);
                watched
                    .chart
                    .history
                    .note(now, Sign::Wrote { file, content });
            }
            watched
                .chart
                .history
                .note(now, Sign::Tree(tree.fingerprint));
        });
    }

    /// Judges a session, and says so where the verdict is another.
    fn judge_health(self: &Arc<Self>, session: SessionId) {
        let limits = self.config.health.thresholds();
        let now = clock::now();
        let task = self.state().health.get(&session).map(|w| w.task);
        let tripped = task.and_then(|task| self.loop_tripped(task));
        let (task, before, verdict) = {
            let mut state = self.state();
            let Some(watched) = state.health.get_mut(&session) else {
                return;
            };
            watched.chart.present.tripped = tripped;
            let verdict = watched.chart.judge(&limits, now);
            let before = watched.verdict.replace(verdict.clone());
            (watched.task, before, verdict)
        };
        if before
            .as_ref()
            .is_some_and(|before| before.says_like(&verdict))
        {
            return;
        }
        let was_ill = before.as_ref().is_some_and(Verdict::is_ill);
        let changed = before.as_ref().map(|before| before.health) != Some(verdict.health);
        if changed {
            self.attention.notify_one();
        }
        if (was_ill || verdict.is_ill()) && changed {
            let detail = format!("{}: {}", verdict.word(), verdict.sentence(now));
            let change = Change::new(DAEMON, "health")
                .session(session)
                .detail(detail);
            self.note_event(task, &change);
        }
        if verdict.rule == HealthRule::Dead && changed {
            self.loop_stalled(task, verdict.sentence(now));
        }
        self.publish_session(session);
    }
}
