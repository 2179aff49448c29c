use super::*;

static TABLE: OptionTable = OptionTable {
    function: "Domain.undefine",
    options: &[
        flag("managed_save", 1, "Removes the managed save image."),
        flag("nvram", 4, "Removes the NVRAM file.").alias("firmware").alias("varstore"),
        boolean("force", "Does not ask."),
        int("retries", "How often to try."),
        float("factor", "A factor."),
        size("memory", "How much memory."),
        duration("timeout", "How long to wait."),
        text("name", "A name."),
        word("mode", &["fast", "safe"], "How."),
        list("disks", "Which disks."),
        map("labels", "Labels."),
        any("value", "Anything."),
        boolean("loop_", "Whether to repeat."),
    ],
};

fn read(code: &str) -> Result<Parsed> {
    let map = rhai::Engine::new().eval::<Map>(code).expect("a map");
    TABLE.read(map)
}

fn refused(code: &str) -> (String, String) {
    let Err(error) = read(code) else { panic!("{code} was accepted") };
    assert_eq!(error.code(), crate::error::code::USAGE);
    assert_eq!(error.facts().operation.as_deref(), Some("domain.undefine"));
    (error.to_string(), error.facts().hint.clone().unwrap_or_default())
}

#[test]
fn values_come_out_as_declared() {
    let given = read(
        r#"#{ managed_save: true, nvram: true, force: false, retries: 3, factor: 2, memory: "4GiB",
              timeout: "2m", name: "web1", mode: "safe", disks: ["vda", "vdb"], labels: #{a: 1}, value: 1.5 }"#,
    )
    .unwrap();
    assert_eq!(given.flags(), 5);
    assert!(given.flag("nvram"));
    assert_eq!(given.get_bool("force").unwrap(), Some(false));
    assert_eq!(given.get_int("retries").unwrap(), Some(3));
    assert_eq!(given.get_float("factor").unwrap(), Some(2.0));
    assert_eq!(given.get_size("memory").unwrap(), Some(4 << 30));
    assert_eq!(given.get_duration("timeout").unwrap(), Some(120.0));
    assert_eq!(given.get_text("name").unwrap().as_deref(), Some("web1"));
    assert_eq!(given.get_text("mode").unwrap().as_deref(), Some("safe"));
    assert_eq!(given.get_list("disks").unwrap(), Some(vec!["vda".to_string(), "vdb".to_string()]));
    assert_eq!(given.get_map("labels").unwrap().map(|map| map.len()), Some(1));
    assert_eq!(given.get_any("value").unwrap().and_then(|value| value.as_float().ok()), Some(1.5));
}

#[test]
fn what_is_not_given_is_absent() {
    let given = read("#{ retries: (), nvram: false }").unwrap();
    assert_eq!((given.flags(), given.flag("nvram")), (0, false));
    assert_eq!(given.get_int("retries").unwrap(), None);
    assert!(!given.has("retries") && given.has("nvram"));
}

#[test]
fn numbers_are_sizes_and_durations_too() {
    let given = read("#{ memory: 1024, timeout: 90 }").unwrap();
    assert_eq!(given.get_size("memory").unwrap(), Some(1024));
    assert_eq!(given.get_duration("timeout").unwrap(), Some(90.0));
}

#[test]
fn an_unknown_key_names_the_nearest_or_all() {
    let (message, hint) = refused("#{ managed_sav: true }");
    assert_eq!(message, "Domain.undefine has no option `managed_sav`");
    assert_eq!(hint, "did you mean `managed_save`?");
    let (_, hint) = refused("#{ frobnicate: true }");
    assert!(hint.starts_with("the options of Domain.undefine are managed_save, nvram,"), "{hint}");
}

#[test]
fn a_wrong_value_says_what_is_wanted_and_what_was_given() {
    for (code, message) in [
        ("#{ nvram: 1 }", "option `nvram` of Domain.undefine wants true or false, not a whole number (1)"),
        ("#{ name: 5 }", "option `name` of Domain.undefine wants a text, not a whole number (5)"),
        ("#{ memory: -1 }", "option `memory` of Domain.undefine wants a size, not a negative number (-1)"),
        (
            "#{ memory: \"4 apples\" }",
            "option `memory` of Domain.undefine wants a size, not the text \"4 apples\"",
        ),
        (
            "#{ disks: [1] }",
            "option `disks` of Domain.undefine wants an array of texts, not an array with a whole number (1)",
        ),
        (
            "#{ mode: \"saef\" }",
            "option `mode` of Domain.undefine wants one of `fast`, `safe`, not the text \"saef\"",
        ),
    ] {
        assert_eq!(refused(code).0, message);
    }
    assert_eq!(refused("#{ mode: \"saef\" }").1, "did you mean `safe`?");
}

#[test]
fn other_names_mean_the_same_option() {
    assert_eq!(read("#{ firmware: true }").unwrap().flags(), 4);
    assert_eq!(read("#{ varstore: true }").unwrap().flags(), 4);
    assert_eq!(read("#{ loop_: true }").unwrap().get_bool("loop_").unwrap(), Some(true));
    assert_eq!(read("#{ \"loop\": true }").unwrap().get_bool("loop_").unwrap(), Some(true));
    assert!(refused("#{ nvram: true, firmware: true }").0.contains("given twice"));
}

#[test]
fn asking_for_what_is_not_declared_is_an_error_too() {
    let given = read("#{ name: \"web1\" }").unwrap();
    assert!(given.get_int("nothing").is_err());
    assert!(given.get_int("name").is_err());
}
