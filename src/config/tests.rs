use std::fs;

use super::*;
use crate::error::code;

/// A system folder and a user's folder of their own.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(site.path("etc")).unwrap();
        fs::create_dir(site.path("own")).unwrap();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, layer: &str, text: &str) {
        fs::write(self.path(layer).join("config.toml"), text).unwrap();
    }

    fn load_with(&self, variables: &[(&str, &str)]) -> Result<Config> {
        let user = UserPlaces { home: self.path("home"), config: self.path("own"), ..UserPlaces::default() };
        let places = Places { config: self.path("etc"), user: Some(user), ..Places::default() };
        Config::load(&Env { places, ..Env::new(variables.iter().copied()) })
    }

    fn load(&self) -> Result<Config> {
        self.load_with(&[])
    }

    /// Loads `text` as the user's file and returns the error's message from the file name on.
    fn refused(text: &str) -> (String, Option<String>) {
        let site = Self::new();
        site.write("own", text);
        let error = site.load().unwrap_err();
        assert_eq!(error.code(), code::USAGE);
        let message = error.to_string().split_once("own/").unwrap().1.to_owned();
        (message, error.facts().hint.clone())
    }
}

#[test]
fn nothing_has_to_be_configured() {
    let config = Site::new().load().unwrap();
    assert_eq!(config, Config::default());
    assert!(config.prompt.confirm);
    assert_eq!(config.prompt.history_size, 10_000);
    assert_eq!(config.history.keep, Duration::from_secs(31_536_000));
}

#[test]
fn every_key_is_read() {
    let site = Site::new();
    site.write(
        "own",
        r#"
        uri = "qemu:///system"
        library = "/srv/virhai"
        [hosts.prod]
        uris = ["qemu+ssh://root@kvm1/system"]
        [hosts.lab]
        glob = "lab-*"
        [hosts.cloud]
        command = ["inventory", "--list"]
        [alias]
        ll = "domains()"
        [prompt]
        keys = "vi"
        color = "never"
        pager = "less -R"
        confirm = false
        history_size = 5
        startup = "/srv/start.rhai"
        [output]
        format = "ndjson"
        color = "always"
        [history]
        store = "postgres://db/virhai"
        keep = "90d"
        record = "required"
        [jobs]
        timeout = 90
        "#,
    );
    let config = site.load().unwrap();
    assert_eq!(config.uri.as_deref(), Some("qemu:///system"));
    assert_eq!(config.library, Some("/srv/virhai".into()));
    assert_eq!(config.hosts["prod"], HostGroup::Uris(vec!["qemu+ssh://root@kvm1/system".into()]));
    assert_eq!(config.hosts["lab"], HostGroup::Glob("lab-*".into()));
    assert_eq!(config.hosts["cloud"], HostGroup::Command(vec!["inventory".into(), "--list".into()]));
    assert_eq!(config.alias["ll"], "domains()");
    let prompt = Prompt {
        keys: Keys::Vi,
        color: ColorChoice::Never,
        pager: Some("less -R".into()),
        confirm: false,
        history_size: 5,
        startup: Some("/srv/start.rhai".into()),
        plain: false,
    };
    assert_eq!(config.prompt, prompt);
    assert_eq!(config.output, Output { format: Some(Format::Ndjson), color: ColorChoice::Always });
    assert_eq!(config.history.store.as_deref(), Some("postgres://db/virhai"));
    assert_eq!(config.history.keep, Duration::from_secs(90 * 86_400));
    assert_eq!(config.history.record, Recording::Required);
    assert_eq!(config.jobs.timeout, Some(Duration::from_secs(90)));
}

#[test]
fn later_layers_win_key_by_key_and_groups_of_hosts_as_a_whole() {
    let site = Site::new();
    site.write(
        "etc",
        "uri = 'a'\n[output]\nformat = 'json'\ncolor = 'never'\n[hosts.x]\nuris = ['u']\n[hosts.y]\nglob='y'",
    );
    site.write("own", "[output]\nformat = 'yaml'\n[hosts.x]\nglob = 'x*'");
    let config = site.load_with(&[("VIRHAI_URI", "b"), ("VIRHAI_PROMPT_CONFIRM", "no")]).unwrap();
    assert_eq!(config.uri.as_deref(), Some("b"));
    assert_eq!(config.output, Output { format: Some(Format::Yaml), color: ColorChoice::Never });
    assert_eq!(config.hosts["x"], HostGroup::Glob("x*".into()));
    assert_eq!(config.hosts["y"], HostGroup::Glob("y".into()));
    assert!(!config.prompt.confirm);
}

#[test]
fn an_unknown_key_is_an_error_with_its_place_and_the_nearest_key() {
    let (message, hint) = Site::refused("uri = 'a'\n[output]\n  fromat = 'json'\n");
    assert_eq!(message, "config.toml:3:3: there is no key \"fromat\"");
    assert_eq!(hint.as_deref(), Some("did you mean `format`?"));
    let (message, hint) = Site::refused("[promt]\nkeys = 'vi'");
    assert_eq!(message, "config.toml:1:2: there is no key \"promt\"");
    assert_eq!(hint.as_deref(), Some("did you mean `prompt`?"));
    let (message, hint) = Site::refused("[hosts.prod]\nurls = ['a']");
    assert_eq!(message, "config.toml:2:1: there is no key \"urls\"");
    assert_eq!(hint.as_deref(), Some("did you mean `uris`?"));
}

#[test]
fn a_wrong_value_is_an_error_with_its_place() {
    let (message, hint) = Site::refused("[output]\nformat = 'jsn'");
    assert_eq!(message, "config.toml:2:10: there is no value \"jsn\"");
    assert_eq!(hint.as_deref(), Some("did you mean `json`?"));
    let (message, _) = Site::refused("[prompt]\nconfirm = 'é'\n");
    assert_eq!(message, "config.toml:2:11: invalid type: string \"é\", expected a boolean");
    let (message, _) = Site::refused("[prompt]\nhistory_size = -1\n");
    assert!(message.starts_with("config.toml:2:16: "), "{message}");
    let (message, _) = Site::refused("history = 5");
    assert!(message.starts_with("config.toml:1:11: "), "{message}");
    let (message, _) = Site::refused("[history]\nkeep = 'soon'");
    assert!(message.starts_with("config.toml:2:8: \"soon\" is not a duration"), "{message}");
}

#[test]
fn a_group_of_hosts_has_exactly_one_source() {
    for keys in ["", "uris = ['a']\nglob = 'b'", "command = []"] {
        let (message, _) = Site::refused(&format!("uri = 'x'\n[hosts.prod]\n{keys}"));
        assert!(message.starts_with("config.toml:2:"), "{message}");
        assert!(message.contains("group"), "{message}");
    }
}

#[test]
fn what_is_no_toml_is_an_error_with_its_place() {
    let (message, _) = Site::refused("uri = 'a'\nuri = 'b'\n");
    assert!(message.starts_with("config.toml:2:1: "), "{message}");
    let (message, _) = Site::refused("uri = \n");
    assert!(message.starts_with("config.toml:1:"), "{message}");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let site = Site::new();
    fs::write(site.path("own/config.toml"), b"uri = '\xff'").unwrap();
    assert_eq!(site.load().unwrap_err().code(), code::IO);
    fs::remove_file(site.path("own/config.toml")).unwrap();
    fs::create_dir(site.path("own/config.toml")).unwrap();
    let error = site.load().unwrap_err();
    assert_eq!(error.code(), code::IO);
    assert!(error.facts().object.as_deref().unwrap().ends_with("own/config.toml"));
    assert!(error.facts().hint.is_some());
}

#[test]
fn paths_start_at_the_files_folder_or_at_home() {
    let site = Site::new();
    site.write(
        "etc",
        "library = 'modules'\n[prompt]\nstartup = '~/start.rhai'\n[history]\nstore = '/var/h.db'",
    );
    let config = site.load().unwrap();
    assert_eq!(config.library, Some(site.path("etc/modules")));
    assert_eq!(config.prompt.startup, Some(site.path("home/start.rhai")));
    assert_eq!(config.history.store.as_deref(), Some("/var/h.db"));
}

#[test]
fn a_wrong_variable_is_named() {
    let site = Site::new();
    let refused = |name, value| site.load_with(&[(name, value)]).unwrap_err();
    let error = refused("VIRHAI_OUTPUT_FORMAT", "jsn");
    assert_eq!(error.to_string(), "VIRHAI_OUTPUT_FORMAT: there is no value \"jsn\"");
    assert_eq!(error.facts().hint.as_deref(), Some("did you mean `json`?"));
    let error = refused("VIRHAI_PROMPT_HISTORY_SIZE", "many");
    assert_eq!(error.to_string(), "VIRHAI_PROMPT_HISTORY_SIZE: \"many\" is not a whole number");
    let error = refused("VIRHAI_PROMPT_CONFIRM", "maybe");
    assert_eq!(error.to_string(), "VIRHAI_PROMPT_CONFIRM: \"maybe\" is not true or false");
    assert_eq!(refused("VIRHAI_JOBS_TIMEOUT", "soon").code(), code::USAGE);
}

#[test]
fn every_variable_sets_its_key() {
    let samples = |name: &str| match name {
        "VIRHAI_PROMPT_KEYS" => "vi",
        "VIRHAI_PROMPT_COLOR" | "VIRHAI_OUTPUT_COLOR" | "VIRHAI_HISTORY_RECORD" => "never",
        "VIRHAI_PROMPT_CONFIRM" => "false",
        "VIRHAI_PROMPT_PLAIN" => "true",
        "VIRHAI_PROMPT_HISTORY_SIZE" => "7",
        "VIRHAI_OUTPUT_FORMAT" => "csv",
        "VIRHAI_HISTORY_KEEP" | "VIRHAI_JOBS_TIMEOUT" => "5m",
        _ => "/x",
    };
    let site = Site::new();
    for (name, ..) in VARIABLES {
        let config = site.load_with(&[(name, samples(name))]).unwrap();
        assert_ne!(config, Config::default(), "{name}");
    }
    assert_eq!(site.load_with(&[("VIRHAI_OTHER", "x")]).unwrap(), Config::default());
}
