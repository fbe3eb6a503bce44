//! The requests, declared once: from one table come the wire enums, the [`Api`] trait that client and
//! daemon implement alike, the dispatcher and (in the client) the calls.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::budgets::*;
use super::changes::*;
use super::conversations::*;
use super::error::ApiError;
use super::loops::*;
use super::messages::*;
use super::review::*;
use super::views::*;
use crate::domain::follow_up::FollowUp;
use crate::domain::{Comment, Project, ProjectId, SessionId, TaskId};

/// What every request answers.
pub type ApiResult<T> = Result<T, ApiError>;

/// Calls `$then! { Name name(Argument) -> Answer; … }` with the table of all requests.
#[macro_export]
macro_rules! with_requests {
    ($then:ident) => {
        $then! {
            /// The daemon itself.
            Status status(()) -> DaemonStatus;
            /// From now on this client gets events.
            Subscribe subscribe(()) -> ();
            /// Everything on the board.
            Board board(()) -> Board;
            /// Registers a repository, or finds it registered.
            AddProject add_project(AddProject) -> Project;
            /// All projects.
            ListProjects list_projects(()) -> Vec<Project>;
            /// Changes a project.
            EditProject edit_project(EditProject) -> Project;
            /// Forgets a project with its tasks; the repository stays.
            RemoveProject remove_project(RemoveProject) -> ();
            /// The branches a task could start from, the usual one first.
            ListBranches list_branches(ProjectId) -> Vec<String>;
            /// Makes a task.
            CreateTask create_task(NewTask) -> TaskCard;
            /// Changes a task.
            EditTask edit_task(EditTask) -> TaskCard;
            /// A task with everything about it.
            ShowTask show_task(TaskId) -> TaskDetail;
            /// Gives a task its agent, or resumes it.
            StartTask start_task(StartTask) -> TaskCard;
            /// Ends a task's agent; its session stays resumable.
            StopTask stop_task(TaskId) -> TaskCard;
            /// Puts a card elsewhere, with what that means for its agent.
            MoveTask move_task(MoveTask) -> TaskCard;
            /// Calls a task done.
            AcceptTask accept_task(ConfirmTask) -> Accepted;
            /// Gives a task up; its branch and worktree stay.
            CancelTask cancel_task(ConfirmTask) -> TaskCard;
            /// What removing a task would lose.
            TaskRisk task_risk(TaskId) -> RiskView;
            /// Removes a task with its worktree and branch, leaving a way back.
            RemoveTask remove_task(ConfirmTask) -> Removed;
            /// Tells a task's agent something; resumes it if it has ended.
            SendMessage send_message(SendMessage) -> TaskCard;
            /// Types into a task's newest session.
            SendInput send_input((TaskId, Vec<Input>)) -> ();
            /// Sessions, live ones first, then the newest.
            ListSessions list_sessions(ListSessions) -> Vec<SessionView>;
            /// Starts following a session's terminal.
            Attach attach(Attach) -> Attached;
            /// Stops following it.
            Detach detach(SessionId) -> ();
            /// Lines of scrollback and screen.
            ReadLines read_lines(ReadLines) -> Lines;
            /// Searches scrollback and screen.
            Search search(Search) -> Vec<Match>;
            /// A screen as text.
            Capture capture(Capture) -> String;
            /// A session's raw output.
            ReadLog read_log(ReadLog) -> LogChunk;
            /// A task's changes as a unified diff (untrusted text).
            Diff diff(TaskId) -> String;
            /// The agents gluon knows.
            ListAgents list_agents(()) -> Vec<AgentView>;
            /// Pauses or resumes the queue.
            PauseQueue pause_queue(bool) -> QueueView;
            /// Ends the daemon.
            Shutdown shutdown(Shutdown) -> ();
            /// Says yes or no to what a task's agent asks leave for, with the keys it takes.
            AnswerAsk answer_ask(AnswerAsk) -> ();
            /// What was spent, added up.
            ListCosts list_costs(ListCosts) -> Vec<CostLine>;
            /// What was spent, day by day and added up by something else.
            ShowCosts show_costs(ShowCosts) -> CostsView;
            /// Conversations on this machine, whoever started them.
            ListConversations list_conversations(ListConversations) -> Conversations;
            /// A part of a conversation's transcript.
            ReadTranscript read_transcript(ReadTranscript) -> TranscriptPage;
            /// Makes a task of a conversation, which its agent goes on with.
            AdoptConversation adopt_conversation(AdoptConversation) -> TaskCard;
            /// Brings back every task that was interrupted, one after the other; answers which.
            ResumeAll resume_all(()) -> Vec<TaskCard>;
            /// Runs a task's check command and answers when it is through.
            CheckTask check_task(TaskId) -> CheckReport;
            /// What a task's last check printed, or the one that runs has printed so far.
            ShowCheck show_check(TaskId) -> CheckReport;
            /// A page of a task's changes, to be reviewed.
            ReadChanges read_changes(ReadChanges) -> ChangesPage;
            /// The comments on a task's changes, the oldest first; sent ones too.
            ListComments list_comments(TaskId) -> Vec<Comment>;
            /// Comments on a task's changes; the agent is told with [`SendReview`].
            AddComment add_comment(AddComment) -> Comment;
            /// Changes or removes a comment that was not sent; answers all of the task.
            EditComment edit_comment(EditComment) -> Vec<Comment>;
            /// Tells a task's agent all comments it was not told yet, and resumes it where it has ended.
            SendReview send_review(SendReview) -> TaskCard;
            /// What accepting a task would come to.
            PreviewAccept preview_accept(AcceptPlan) -> AcceptPreview;
            /// Accepts a task and integrates what it did.
            Integrate integrate(AcceptPlan) -> Integrated;
            /// Takes an operation back.
            Undo undo(UndoWish) -> Undone;
            /// Puts a task into its project's merge queue.
            QueueMerge queue_merge(AcceptPlan) -> TaskCard;
            /// Takes a task off it.
            UnqueueMerge unqueue_merge(TaskId) -> TaskCard;
            /// Which tasks change the same files right now, of one project or of all.
            ListOverlaps list_overlaps(Option<ProjectId>) -> Vec<OverlapView>;
            /// Removes worktrees and branches of done tasks, leaving a way back.
            Tidy tidy(TidyWish) -> Vec<TidyView>;
            /// What was accepted in a time, and what that cost.
            Report report(ReportWish) -> ReportView;
            /// Tries a task once more, beside the first.
            ForkTask fork_task(ForkTask) -> TaskCard;
            /// What two tasks differ in as a unified diff (untrusted text).
            Compare compare((TaskId, TaskId)) -> String;
            /// What was done that can be taken back, the newest first.
            ListOperations list_operations(()) -> Vec<OperationView>;
            /// How a task's loop stands.
            ShowLoop show_loop(TaskId) -> LoopView;
            /// Steers a loop.
            ControlLoop control_loop(ControlLoop) -> LoopView;
            /// A loop with what came of each iteration.
            LoopHistory loop_history(TaskId) -> LoopHistory;
            /// Looks for a text in a transcript.
            SeekTranscript seek_transcript(SeekTranscript) -> Sought;
            /// The lines in which words stand: of as many conversations as it could look at in a short time.
            FindLines find_lines(FindLines) -> Vec<FoundLine>;
            /// Tells the user something to try it out, by the ways that do not need a terminal.
            TestNotify test_notify(()) -> Vec<WayReport>;
            /// Keeps a message until a task's agent is idle.
            QueueMessage queue_message(SendMessage) -> TaskCard;
            /// Takes messages out that wait; answers with those.
            DropMessages drop_messages(DropMessages) -> Vec<FollowUp>;
            /// How budgets stand: those of a task, or all that say something.
            ListBudgets list_budgets(Option<TaskId>) -> Budgets;
            /// Sets or raises a budget.
            SetBudget set_budget(SetBudget) -> Budgets;
            /// Ends every agent's turn and pauses the queue, all at once; or lets everything go on.
            PauseAll pause_all(bool) -> Paused;
            /// Puts done tasks out of sight, or brings them back; answers those.
            Archive archive(ArchiveWish) -> Vec<TaskCard>;
        }
    };
}

use super::input::Input;

macro_rules! declare {
    ($($(#[$doc:meta])* $name:ident $function:ident($argument:ty) -> $answer:ty;)*) => {
        /// A request on the wire.
        // A new task is large; boxing it would cost every maker of one a line to save moving a few hundred bytes.
        #[allow(clippy::large_enum_variant)]
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Request {
            $($(#[$doc])* $name($argument),)*
        }

        /// The answer to the request of the same name.
        // One is made at a time, and written down at once.
        #[allow(clippy::large_enum_variant)]
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Response {
            $($(#[$doc])* $name($answer),)*
        }

        impl Request {
            /// Its name, for logs.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Request::$name(_) => stringify!($function),)*
                }
            }
        }

        /// What gluon can be asked: the daemon does it, the client asks for it over the socket.
        ///
        /// Every function answers an [`ApiError`] with a sentence and a hint where it fails.
        pub trait Api: Send + Sync + 'static {
            $($(#[$doc])* fn $function(
                &self,
                argument: $argument,
            ) -> impl Future<Output = ApiResult<$answer>> + Send;)*

            /// Tells the daemon something that wants no answer; lost where there is no connection.
            fn notify(&self, notice: Notice);
        }

        /// Answers a request with the function of its name.
        ///
        /// # Errors
        /// What the function answers.
        pub async fn dispatch<A: Api>(api: &A, request: Request) -> ApiResult<Response> {
            match request {
                $(Request::$name(argument) => api.$function(argument).await.map(Response::$name),)*
            }
        }
    };
}

with_requests!(declare);
