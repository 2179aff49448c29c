//! The record: what ran and what it changed, as `virhai history` and scripts show it.

mod command;
mod store;

use virhai::history::Place;

use crate::support::{Need, PostgresServer, lab_or_skip};

#[test]
#[allow(clippy::print_stderr, reason = "which of many failed")]
fn a_file_keeps_the_record() {
    for (name, check) in store::SPECS {
        eprintln!("{name}");
        let folder = tempfile::tempdir().unwrap();
        check(&Place::from(&folder.path().join("history.db")));
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "which of many failed")]
fn a_database_of_postgresql_keeps_the_record() {
    lab_or_skip!(Need::Postgres);
    let server = PostgresServer::start();
    for (name, check) in store::SPECS {
        eprintln!("{name}");
        check(&Place::Url(server.url()));
        server.execute("DROP SCHEMA virhai CASCADE");
    }
    command::on_postgres(&server);
}
