//! A private server of `PostgreSQL`: in a folder of its own, on a socket in it.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::process::run;
use super::wait::eventually;

/// It is stopped and its folder is removed when it is dropped.
pub(crate) struct PostgresServer {
    folder: tempfile::TempDir,
    server: Child,
}

/// The folder with the programs of the server.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.extend(["/usr/local/bin".into(), "/usr/bin".into()]);
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// A program of the server, as somebody else where this is root: it refuses to run as root.
fn program(name: &str) -> Command {
    let program = programs().expect("the test asked for it").join(name);
    let mut command = Command::new("setpriv");
    // It goes with whoever started it, too.
    command.args(["--pdeathsig", "INT"]);
    if nix::unistd::geteuid().is_root() {
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
    }
    command.arg(program).env("LC_ALL", "C.UTF-8").current_dir("/");
    command
}

impl PostgresServer {
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("vp").tempdir().unwrap();
        if nix::unistd::geteuid().is_root() {
            let mut chown = Command::new("chown");
            chown.args(["nobody:nogroup"]).arg(folder.path());
            assert_eq!(run(chown, Duration::from_secs(10)).status, 0);
        }
        let data = folder.path().join("data");
        let mut initdb = program("initdb");
        initdb.args(["--no-sync", "--auth=trust", "--username=virhai", "-E", "UTF8", "-D"]).arg(&data);
        let made = run(initdb, Duration::from_secs(120));
        assert_eq!(made.status, 0, "{}", made.stderr());
        let mut serve = program("postgres");
        serve
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
            .arg(folder.path())
            .arg("-D")
            .arg(&data);
        let server = serve.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { server: server.spawn().unwrap(), folder };
        let url = server.url();
        eventually(Duration::from_secs(60), "the server lets somebody in", || {
            postgres::Client::connect(&url, postgres::NoTls).ok()
        });
        server
    }

    /// The URL of its database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://virhai@/postgres?host={}", self.folder().display())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs statements.
    pub(crate) fn execute(&self, statements: &str) {
        let mut client = postgres::Client::connect(&self.url(), postgres::NoTls).unwrap();
        client.batch_execute(statements).unwrap();
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        super::process::send_signal(&self.server.id().to_string(), "INT");
        let _ = self.server.wait();
    }
}
