//! Projects.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::path_text;
use super::{Store, StoreError};
use crate::domain::names::first_free;
use crate::domain::{Project, ProjectId, Timestamp};

impl Store {
    /// Registers the repository at `path`, or gives the project that it already is. The name is `name`
    /// with a number behind it where that is taken.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn add_project(
        &self,
        path: &Path,
        name: &str,
        now: Timestamp,
    ) -> Result<(Project, bool), StoreError> {
        // One lock from the look to the row: several clients use a new project at once.
        let connection = self.lock();
        if let Some(known) = at(&connection, path)? {
            return Ok((known, false));
        }
        let taken: Vec<String> = all(&connection)?.into_iter().map(|p| p.name).collect();
        let name = first_free(name, |candidate| taken.iter().any(|name| name == candidate));
        connection.execute(
            "INSERT INTO projects (name, path, workspace, created_at) VALUES (?1, ?2, 'default', ?3)",
            params![name, path_text(path), now.0],
        )?;
        let id = ProjectId(connection.last_insert_rowid());
        drop(connection);
        Ok((self.project(id)?, true))
    }

    /// All projects, by name.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn projects(&self) -> Result<Vec<Project>, StoreError> {
        Ok(all(&self.lock())?)
    }

    /// One project.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn project(&self, id: ProjectId) -> Result<Project, StoreError> {
        self.lock()
            .query_row("SELECT * FROM projects WHERE id = ?1", [id.0], read)
            .optional()?
            .ok_or_else(|| StoreError::NotFound(format!("project {id}")))
    }

    /// The project whose repository is at `path`.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn project_at(&self, path: &Path) -> Result<Option<Project>, StoreError> {
        Ok(at(&self.lock(), path)?)
    }

    /// Writes a project's name, workspace, slots and trust.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn update_project(&self, project: &Project) -> Result<(), StoreError> {
        self.lock().execute(
            "UPDATE projects SET name = ?2, workspace = ?3, slots = ?4, trusted_setup = ?5,
                trusted_check = ?6, trusted = ?7 WHERE id = ?1",
            params![
                project.id.0,
                project.name,
                project.workspace,
                project.slots,
                project.trusted_setup,
                project.trusted_check,
                project.trusted
            ],
        )?;
        Ok(())
    }

    /// Forgets a project with its tasks and their sessions; events stay.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn remove_project(&self, id: ProjectId) -> Result<(), StoreError> {
        self.lock()
            .execute("DELETE FROM projects WHERE id = ?1", [id.0])?;
        Ok(())
    }
}

fn all(connection: &Connection) -> rusqlite::Result<Vec<Project>> {
    let mut query = connection.prepare_cached("SELECT * FROM projects ORDER BY name")?;
    query.query_map([], read)?.collect()
}

fn at(connection: &Connection, path: &Path) -> rusqlite::Result<Option<Project>> {
    let text = path_text(path);
    connection
        .query_row("SELECT * FROM projects WHERE path = ?1", [text], read)
        .optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Project> {
    Ok(Project {
        id: ProjectId(row.get("id")?),
        name: row.get("name")?,
        path: PathBuf::from(row.get::<_, String>("path")?),
        workspace: row.get("workspace")?,
        slots: row.get("slots")?,
        trusted_setup: row.get("trusted_setup")?,
        trusted_check: row.get("trusted_check")?,
        trusted: row.get("trusted")?,
        created_at: Timestamp(row.get("created_at")?),
    })
}
