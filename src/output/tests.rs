use super::*;

fn map(pairs: Vec<(&str, Data)>) -> Data {
    Data::Map(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn guests() -> Data {
    let columns: Columns = [
        Column::new("name"),
        Column::new("state").kind(Kind::State),
        Column::new("memory").kind(Kind::Size),
        Column::new("uuid").priority(2),
    ]
    .into();
    let row = |name: &str, state: &str, memory: i64| {
        vec![name.into(), state.into(), Data::Int(memory), "c7a5fdbd-cdaf-9455-926a-d65c16db1809".into()]
    };
    Data::Table(Table::new(columns, vec![row("web1", "running", 4 << 30), row("db", "shutoff", 512 << 20)]))
}

fn shown(data: &Data, format: Format) -> String {
    render(data, &Options::new(format)).unwrap()
}

fn with(data: &Data, format: Format, change: impl Fn(&mut Options)) -> String {
    let mut options = Options::new(format);
    change(&mut options);
    render(data, &options).unwrap()
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_table_on_the_screen() {
    let expected = "\
name  state       memory  uuid
web1  running    4.0 GiB  c7a5fdbd-cdaf-9455-926a-d65c16db1809
db    shutoff  512.0 MiB  c7a5fdbd-cdaf-9455-926a-d65c16db1809
";
    assert_eq!(shown(&guests(), Format::Table), expected);
}

#[test]
fn a_narrow_screen_drops_columns_and_says_so() {
    let text = with(&guests(), Format::Table, |options| {
        options.width = Some(40);
        options.remedy = ":wide shows all";
    });
    let expected = "\
name  state       memory
web1  running    4.0 GiB
db    shutoff  512.0 MiB
no room for uuid; :wide shows all
";
    assert_eq!(text, expected);
}

#[test]
fn whoever_wants_all_columns_on_a_narrow_screen_gets_a_block_for_each_object() {
    let text = with(&guests(), Format::Table, |options| {
        options.width = Some(40);
        options.wide = true;
    });
    let expected = "\
name:    web1
state:   running
memory:  4.0 GiB
uuid:    c7a5fdbd-cdaf-9455-926a-d65c16db1809

name:    db
state:   shutoff
memory:  512.0 MiB
uuid:    c7a5fdbd-cdaf-9455-926a-d65c16db1809
";
    assert_eq!(text, expected);
    let text = with(&guests(), Format::Table, |options| {
        options.width = Some(80);
        options.wide = true;
    });
    assert_eq!(text, shown(&guests(), Format::Table));
}

#[test]
fn the_keys_of_maps_say_what_they_hold() {
    let data = Data::List(vec![map(vec![
        ("name", "web1".into()),
        ("memory", Data::Int(4 << 30)),
        ("cpu_time_ns", Data::Int(90_000_000_000)),
        ("state", "running".into()),
    ])]);
    assert_eq!(
        shown(&data, Format::Table),
        "name  state     memory  cpu_time_ns\nweb1  running  4.0 GiB        1m30s\n"
    );
    assert_eq!(
        shown(&data, Format::Csv),
        "name,state,memory,cpu_time_ns\nweb1,running,4294967296,90000000000\n"
    );
    let colored = with(&data, Format::Table, |options| options.palette = Palette::COLOR);
    assert!(colored.contains("running\x1b["), "{colored:?}");
}

#[test]
fn an_object_that_is_off_is_dimmed() {
    let data = Data::List(vec![
        map(vec![("name", "lan".into()), ("active", true.into())]),
        map(vec![("name", "old".into()), ("active", false.into())]),
    ]);
    let colored = with(&data, Format::Table, |options| options.palette = Palette::COLOR);
    assert!(colored.contains("\x1b[2mfalse"), "{colored:?}");
    assert_eq!(shown(&data, Format::Table), "name  active\nlan   true\nold   false\n");
}

#[test]
fn columns_asked_for_by_name_are_cut_rather_than_dropped() {
    let text = with(&guests(), Format::Table, |options| {
        options.width = Some(20);
        options.columns = Some(columns(&["uuid", "name"]));
    });
    assert_eq!(text, "uuid            name\nc7a5fdbd-cdaf…  web1\nc7a5fdbd-cdaf…  db\n");
}

#[test]
fn states_are_coloured_and_nothing_else_is_between_the_columns() {
    let text = with(&guests(), Format::Table, |options| {
        options.palette = Palette::COLOR;
        options.columns = Some(columns(&["state", "name"]));
    });
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains("\x1b[1mstate"), "{text:?}");
    assert!(text.contains("running\x1b["), "{text:?}");
    assert!(text.contains("\x1b[2mshutoff"), "{text:?}");
}

#[test]
fn headings_can_be_left_out() {
    for (format, expected) in
        [(Format::Table, "web1\ndb\n"), (Format::Csv, "web1\ndb\n"), (Format::Tsv, "web1\ndb\n")]
    {
        let text = with(&guests(), format, |options| {
            options.headers = false;
            options.columns = Some(columns(&["name"]));
        });
        assert_eq!(text, expected, "{format}");
    }
}

#[test]
fn an_empty_table_still_has_its_headings() {
    let empty = Data::Table(Table::new([Column::new("name"), Column::new("state")].into(), vec![]));
    assert_eq!(shown(&empty, Format::Table), "name  state\n");
    assert_eq!(shown(&empty, Format::Csv), "name,state\n");
    assert_eq!(shown(&empty, Format::Json), "[]\n");
    assert_eq!(shown(&empty, Format::Ndjson), "");
    assert_eq!(shown(&Data::List(vec![]), Format::Table), "");
}

#[test]
fn a_map_is_keys_and_values() {
    let columns: Columns = [
        Column::new("name"),
        Column::new("state").kind(Kind::State),
        Column::new("memory").kind(Kind::Size),
        Column::new("id"),
    ]
    .into();
    let record =
        Data::Record(Record::new(columns, vec!["web1".into(), "running".into(), Data::Int(1 << 30)]));
    assert_eq!(
        shown(&record, Format::Table),
        "name:    web1\nstate:   running\nmemory:  1.0 GiB\nid:      -\n"
    );
    assert_eq!(shown(&record, Format::Csv), "name,state,memory,id\nweb1,running,1073741824,\n");
    let colored = with(&record, Format::Table, |options| options.palette = Palette::COLOR);
    assert!(colored.contains("\x1b[1mname:\x1b[0m    web1\n"), "{colored:?}");
    assert!(colored.contains("\x1b[32mrunning\x1b[0m\n"), "{colored:?}");
}

#[test]
fn names_cannot_break_a_table_and_arrive_unchanged_in_data() {
    let name = "a\nb\x1b[31m\t\"'<木>";
    let data = Data::List(vec![map(vec![("na\tme", name.into()), ("n", Data::Int(1))])]);
    let table = shown(&data, Format::Table);
    assert_eq!(table, "na\\tme                n\na\\nb\\x1b[31m\\t\"'<木>  1\n");
    assert_eq!(table.lines().count(), 2);
    for format in [Format::Json, Format::Yaml] {
        let text = shown(&data, format);
        let back: Data = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(back, data, "{format}");
    }
    let mut csv = csv::Reader::from_reader(shown(&data, Format::Csv).into_bytes().leak() as &[u8]);
    assert_eq!(csv.records().next().unwrap().unwrap().get(0), Some(name));
}

#[test]
fn wide_letters_take_two_columns() {
    let data = Data::List(vec![
        map(vec![("name", "木木".into()), ("x", "1".into())]),
        map(vec![("name", "abcd".into()), ("x", "2".into())]),
    ]);
    assert_eq!(shown(&data, Format::Table), "name  x\n木木  1\nabcd  2\n");
}

#[test]
fn texts_are_shown_as_they_are_with_one_line_end() {
    for format in [Format::Table, Format::Text, Format::Tsv] {
        assert_eq!(shown(&"hello".into(), format), "hello\n");
    }
    assert_eq!(shown(&"<a>\n  <b/>\n</a>\n".into(), Format::Table), "<a>\n  <b/>\n</a>\n");
    assert_eq!(shown(&"a\x1bb".into(), Format::Text), "a\x1bb\n");
    assert_eq!(shown(&"a\x1bb".into(), Format::Table), "a\\x1bb\n");
    assert_eq!(shown(&"hello".into(), Format::Json), "\"hello\"\n");
}

#[test]
fn nothing_is_nothing_except_in_data_formats() {
    for format in [Format::Table, Format::Text, Format::Csv, Format::Tsv] {
        assert_eq!(shown(&Data::Null, format), "", "{format}");
    }
    assert_eq!(shown(&Data::Null, Format::Json), "null\n");
    assert_eq!(shown(&Data::Null, Format::Yaml), "null\n");
}

#[test]
fn a_list_of_scalars_is_one_a_line() {
    let data = Data::List(vec!["test".into(), Data::Int(2), Data::Null, Data::Bool(true)]);
    assert_eq!(shown(&data, Format::Table), "test\n2\n-\ntrue\n");
    assert_eq!(shown(&data, Format::Text), "test\n2\n\ntrue\n");
    assert_eq!(shown(&data, Format::Json), "[\"test\",2,null,true]\n");
    assert_eq!(shown(&data, Format::Ndjson), "\"test\"\n2\nnull\ntrue\n");
}

#[test]
fn text_shows_tables_exactly_and_without_colours() {
    let text = with(&guests(), Format::Text, |options| {
        options.palette = Palette::COLOR;
        options.width = Some(20);
        options.columns = Some(columns(&["name", "memory", "state"]));
    });
    assert_eq!(text, "name      memory  state\nweb1  4294967296  running\ndb     536870912  shutoff\n");
}

#[test]
fn ndjson_is_one_line_for_each_element() {
    let text =
        with(&guests(), Format::Ndjson, |options| options.columns = Some(columns(&["memory", "name"])));
    assert_eq!(text, "{\"memory\":4294967296,\"name\":\"web1\"}\n{\"memory\":536870912,\"name\":\"db\"}\n");
    assert_eq!(shown(&guests(), Format::Ndjson).lines().count(), 2);
    assert_eq!(shown(&map(vec![("a", Data::Int(1))]), Format::Ndjson), "{\"a\":1}\n");
}

#[test]
fn csv_quotes_and_nests_as_json() {
    let data = Data::List(vec![
        map(vec![("name", "a,\"b\"".into()), ("ips", Data::from(vec!["::1"]))]),
        map(vec![("name", Data::Null)]),
    ]);
    assert_eq!(shown(&data, Format::Csv), "name,ips\n\"a,\"\"b\"\"\",\"[\"\"::1\"\"]\"\n,\n");
    let lists = Data::List(vec![Data::from(vec!["a", "b"]), Data::from(vec![1_i64])]);
    assert_eq!(shown(&lists, Format::Csv), "a,b\n1,\n");
}

#[test]
fn tsv_is_one_object_a_line_whatever_it_holds() {
    let data = Data::List(vec![map(vec![("a", "x\ty\nz\\\r".into()), ("b", Data::Int(1))])]);
    assert_eq!(shown(&data, Format::Tsv), "a\tb\nx\\ty\\nz\\\\\\r\t1\n");
}

#[test]
fn yaml_texts_that_look_like_something_else_come_back_as_texts() {
    let words = [
        "yes",
        "No",
        "on",
        "true",
        "null",
        "~",
        "",
        "1",
        "1.0",
        "1e3",
        "0x1f",
        "0o17",
        "017",
        "-1",
        ".inf",
        ".nan",
        "12:30:00",
        "2026-03-01",
        "- a",
        "a: b",
        "#x",
        "'",
        "\"",
        " lead",
        "trail ",
        "a\nb",
        "a\nb\n",
        "\n",
        "\t",
        "!tag",
        "&anchor",
        "*alias",
        "%x",
        "@x",
        "`x",
        "[a]",
        "{a}",
        "?",
        "|",
        ">",
        "---",
        "...",
        "<<",
        "=",
        "\u{85}",
        "\u{feff}x",
        "\u{1b}",
        "\u{9b}",
        "a\r\nb",
        "  indented\nmore",
        "a\n\n\nb",
        "é木",
    ];
    let list = Data::List(words.iter().map(|word| Data::from(*word)).collect());
    let text = shown(&list, Format::Yaml);
    assert_eq!(serde_saphyr::from_str::<Data>(&text).unwrap(), list, "{text}");
    for word in words {
        let data = map(vec![(word, word.into())]);
        let text = shown(&data, Format::Yaml);
        assert_eq!(serde_saphyr::from_str::<Data>(&text).unwrap(), data, "{text}");
    }
}

#[test]
fn a_cell_may_be_very_long() {
    let long = "x".repeat(200_000);
    let data = Data::List(vec![map(vec![("a", long.as_str().into()), ("b", Data::Int(1))])]);
    assert!(shown(&data, Format::Table).contains(&long));
    assert!(shown(&data, Format::Text).ends_with("x  1\n"));
}

#[test]
fn an_unknown_column_is_refused_in_every_format() {
    for (format, _) in Format::ALL {
        let mut options = Options::new(format);
        options.columns = Some(columns(&["nme"]));
        let error = render(&guests(), &options).unwrap_err();
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean `name`?"), "{format}");
    }
}

mod generated {
    use proptest::prelude::*;

    use super::*;

    fn any_data() -> impl Strategy<Value = Data> {
        let leaf = prop_oneof![
            Just(Data::Null),
            any::<bool>().prop_map(Data::Bool),
            any::<i64>().prop_map(Data::Int),
            any::<i32>().prop_map(|number| Data::Float(f64::from(number) / 8.0)),
            any::<String>().prop_map(Data::Text),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Data::List),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| Data::Map(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_and_yaml_give_back_what_went_in(data in any_data()) {
            let json = shown(&data, Format::Json);
            prop_assert_eq!(json.lines().count(), 1);
            prop_assert_eq!(&serde_json::from_str::<Data>(&json).unwrap(), &data);
            let yaml = shown(&data, Format::Yaml);
            prop_assert_eq!(&serde_saphyr::from_str::<Data>(&yaml).unwrap(), &data, "{}", yaml);
        }

        #[test]
        fn no_value_puts_a_control_character_on_the_screen(data in any_data(), width in 0_usize..100) {
            let text = with(&data, Format::Table, |options| options.width = Some(width));
            let allowed = |c: char| c == '\n' || (c == '\t' && matches!(data, Data::Text(_)));
            prop_assert!(text.chars().all(|c| !c.is_control() || allowed(c)), "{:?}", text);
        }

        #[test]
        fn every_format_writes_every_value(data in any_data()) {
            for (format, _) in Format::ALL {
                prop_assert!(render(&data, &Options::new(format)).is_ok());
            }
        }
    }
}
