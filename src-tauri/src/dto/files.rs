//! Photos' files, in the words of the front end.

use serde::Serialize;

use crate::desktop::open;

/// A program that opens photos.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Application {
    pub id: String,
    pub name: String,
}

impl From<open::Application> for Application {
    fn from(application: open::Application) -> Self {
        let open::Application { id, name } = application;
        Self { id, name }
    }
}
