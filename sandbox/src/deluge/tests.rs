//! What scripts do, and that none of them does harm.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Mistake, Opened, Outcome, check, run};

/// The script of the source document, letter for letter.
const OF_THE_SOURCE_DOCUMENT: &str = "xerold = customer.get(\"cf_xero_acct_id\");  \nopenUrl(\"https://go.xero.com/Contacts/View/\" + xerold,\"new window\");  \nresultMap = Map();  \nreturn resultMap;\n";

/// One that also finds the id in `custom_fields` and says when there is none.
const WITH_MESSAGES: &str = r#"
res = Map();
xid = ifnull(customer.get("cf_xero_acct_id"),"");
if(xid == "") { for each f in customer.get("custom_fields") { if(f.get("api_name") == "cf_xero_acct_id" || f.get("placeholder") == "cf_xero_acct_id") { xid = f.get("value"); } } }
if(xid == "") { res.put("code",1); res.put("message","Not linked to Xero yet"); }
else { openUrl("https://go.xero.com/Contacts/View/" + xid,"new window"); res.put("code",0); res.put("message","Opening Xero"); }
return res;
"#;

fn opened(id: &str) -> Vec<Opened> {
    vec![Opened { url: format!("https://go.xero.com/Contacts/View/{id}"), window: "new window".into() }]
}

fn pressed(script: &str, customer: Json) -> Outcome {
    run(script, &[("customer", customer)]).unwrap()
}

/// What an expression is.
fn value(expression: &str) -> Json {
    run(&format!("return {expression};"), &[]).unwrap().returned.unwrap()
}

fn mistake(script: &str) -> Mistake {
    run(script, &[]).unwrap_err()
}

#[test]
fn the_script_of_the_source_document_opens_the_contact_and_returns_an_empty_map() {
    let outcome = pressed(OF_THE_SOURCE_DOCUMENT, json!({"cf_xero_acct_id": "bd22"}));
    assert_eq!(outcome, Outcome { opened: opened("bd22"), returned: Some(json!({})), info: vec![] });
    assert_eq!(pressed(OF_THE_SOURCE_DOCUMENT, json!({})).opened, opened("null"), "what is missing is the word null");
}

#[test]
fn the_longer_script_finds_the_id_in_either_place_and_says_when_there_is_none() {
    let outcome = pressed(WITH_MESSAGES, json!({"cf_xero_acct_id": "a1"}));
    assert_eq!((outcome.opened, outcome.returned), (opened("a1"), Some(json!({"code": 0, "message": "Opening Xero"}))));
    for key in ["api_name", "placeholder"] {
        let fields = json!([{"api_name": "cf_other", "value": "x"}, {key: "cf_xero_acct_id", "value": "b2"}]);
        assert_eq!(pressed(WITH_MESSAGES, json!({"custom_fields": fields})).opened, opened("b2"));
    }
    let outcome = pressed(WITH_MESSAGES, json!({"custom_fields": []}));
    assert_eq!((outcome.opened, outcome.returned), (vec![], Some(json!({"code": 1, "message": "Not linked to Xero yet"}))));
}

#[test]
fn operators_have_their_ranks() {
    for (expression, is) in [
        ("1 + 2 * 3 - 4 / 2", json!(5)),
        ("(1 + 2) * 3 % 5", json!(4)),
        ("7 / 2", json!(3.5)),
        ("\"a\" + 1 + 2", json!("a12")),
        ("1 + 2 + \"a\"", json!("3a")),
        ("\"a\" + null + true", json!("anulltrue")),
        ("1 < 2 && \"b\" >= \"a\" || 1 / 0 == 1", json!(true)),
        ("false && 1 / 0 == 1", json!(false)),
        ("!true == false", json!(true)),
        ("--3 - -2", json!(5)),
        ("0.1 + 0.2 == 0.3", json!(true)),
        ("\"1\" == 1", json!(false)),
        ("null == null && null != \"\"", json!(true)),
        ("{1,{\"a\":{}}} == {1,{\"a\":{}}}", json!(true)),
    ] {
        assert_eq!(value(expression).to_string(), is.to_string(), "{expression}");
    }
}

#[test]
fn texts_maps_and_lists_have_their_methods() {
    for (expression, is) in [
        ("\" Ada \".trim().toLowerCase().length()", json!(3)),
        ("\"Kōwhai\".substring(1,3)", json!("ōw")),
        ("\"Kōwhai\".subString(4)", json!("ai")),
        ("\"a-b-c\".replaceAll(\"-\",\"+\")", json!("a+b+c")),
        ("\"a.b\".replaceAll(\".\",\"\",true)", json!("ab")),
        ("\"abc\".contains(\"bc\")", json!(true)),
        ("{\"a\":1}.get(\"a\")", json!(1)),
        ("{\"a\":1}.get(\"b\")", json!(null)),
        ("{4,5}.get(1) + {4,5}.size()", json!(7)),
        ("{\"a\":{1,\"x\"}}.toString()", json!("{\"a\":[1,\"x\"]}")),
        ("isNull(null) && isEmpty(\"\") && isBlank(\" \") && isBlank(null) && !isEmpty(\" \")", json!(true)),
        ("ifnull(null,\"b\") + ifnull(\"a\",\"b\")", json!("ba")),
        ("List()", json!([])),
    ] {
        assert_eq!(value(expression), is, "{expression}");
    }
}

#[test]
fn statements_run_from_the_top_and_a_return_ends_them() {
    let script = "
        // a comment
        all = List(); /* and
        another */
        for each n in {3,4,5} {
            if(n == 3) { all.add(\"three\"); }
            else if(n == 4) { info \"four \" + n; }
            else { all.add(n); return all; }
        }
        info \"never\";";
    let outcome = run(script, &[]).unwrap();
    assert_eq!((outcome.returned, outcome.info), (Some(json!(["three", 5])), vec!["four 4".to_owned()]));
}

#[test]
fn a_copy_is_a_copy() {
    assert_eq!(run("a = Map(); b = a; b.put(\"x\",1); return a.size() + b.size();", &[]).unwrap().returned, Some(json!(1)));
}

#[test]
fn a_mistake_is_told_with_its_line() {
    for (script, line, says) in [
        ("a = 1;\nb = c;", 2, "Variable 'c' is not defined."),
        ("a = 1\nb = 2;", 2, "Expected ;, found b."),
        ("x = \"never closed;", 1, "A text is never closed."),
        ("\n\nopenUrl(1,\"new window\");", 3, "openUrl takes an address and a window, both texts."),
        ("openUrl(\"a\",\"my window\");", 1, "openUrl knows no window named \"my window\"."),
        ("a = null;\nreturn a.get(\"b\");", 2, "get with these arguments is not known for null."),
        ("return 1 / (2 - 2);", 1, "Division by zero."),
        ("return 79228162514264337593543950335 * 2;", 1, "The number is too large."),
        ("return {1}.get(1);", 1, "The list has nothing at 1."),
        ("if(1) {}", 1, "A condition is true or false, not a number."),
        ("x = zoho.books.getRecords(\"a\");", 1, "Expected (, found .."),
        ("x = invokeurl(\"a\");", 1, "The function invokeurl is not known here."),
        ("{1}.add(2);", 1, "add changes a variable, and this is none."),
        ("d = '2020-01-01';", 1, "Dates in single quotes are not known here; texts have double quotes."),
        ("return \"a\".replaceAll(\"[a]\",\"\");", 1, "replaceAll is known here for plain texts only, not for patterns."),
        ("for each x in 1 {}", 1, "for each goes over a list, not over a number."),
    ] {
        let found = mistake(script);
        assert_eq!((found.line, found.says.as_str()), (line, says), "{script}");
    }
    assert!(check("if(true) {").is_err());
    assert!(check(WITH_MESSAGES).is_ok());
}

#[test]
fn a_greedy_script_is_stopped() {
    let stopped = |script: &str| mistake(script).says;
    let ten = "{0,1,2,3,4,5,6,7,8,9}";
    let loops = |body: &str| (0..8).fold(body.to_owned(), |inner, n| format!("for each v{n} in {ten} {{ {inner} }}"));
    assert_eq!(stopped(&loops("x = 1;")), "The script takes too many steps and was stopped.");
    let memory = "The script takes too much memory and was stopped.";
    assert_eq!(stopped(&format!("t = \"abcdefgh\"; {}", loops("t = t + t;"))), memory);
    assert_eq!(stopped(&format!("t = \"abcdefgh\"; {}", loops("t = t.replaceAll(\"a\",\"aa\");"))), memory);
    assert_eq!(stopped(&format!("l = {{1}}; {}", loops("l.add(l);"))), "Maps and lists nest too deep.");
    let wide = "l = {\"abcdefgh\"};".to_owned() + &"l = {l,l};".repeat(40);
    assert_eq!(stopped(&format!("{wide} return l;")), memory);
    assert_eq!(stopped(&format!("{wide} return l == {{l.get(0),l.get(1)}};")), memory);
    assert_eq!(stopped(&format!("return {}1{};", "(".repeat(30_000), ")".repeat(30_000))), "The script nests too deep.");
    assert_eq!(stopped(&"if(true){".repeat(7_000)), "The script nests too deep.");
    assert_eq!(stopped(&" ".repeat(70_000)), "The script is too long.");
    let long = format!("return {}1;", "1+".repeat(20_000));
    assert_eq!(run(&long, &[]).unwrap().returned, Some(json!(20_001)));
    assert_eq!(run(&format!("return {}1 == 1;", "--".repeat(15_000)), &[]).unwrap().returned, Some(json!(true)));
}

/// Scripts made of what scripts are made of, so that many of them run a good way.
fn likely_script() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "customer",
        "x",
        "y",
        "=",
        "==",
        "+",
        "-",
        "*",
        "/",
        "&&",
        "||",
        "!",
        "(",
        ")",
        "{",
        "}",
        ";",
        ";",
        ",",
        ".",
        ":",
        "\"a\"",
        "\"\"",
        "1",
        "2.5",
        "99999999999999999999999999",
        "true",
        "null",
        "if",
        "else",
        "for each v in",
        "v",
        "return",
        "info",
        "openUrl(",
        "\"new window\"",
        "Map()",
        "List()",
        ".get(",
        ".put(",
        ".add(",
        ".size()",
        ".toString()",
        ".substring(",
        "ifnull(",
        "isEmpty(",
        "//",
        "/*",
        "\n",
        "x = List();",
        "x.add(x);",
        "x = x + x;",
        "for each v in customer.get(\"custom_fields\") {",
        "x.put(\"a\",x);",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_letters_harm_the_reader(script in any::<String>()) {
        let _ = check(&script);
    }

    #[test]
    fn every_likely_script_ends(script in likely_script()) {
        let customer = json!({"cf_a": "b", "custom_fields": [{"api_name": "cf_a", "value": "b"}, {"api_name": "cf_b", "value": 12.5}]});
        let _ = run(&script, &[("customer", customer)]);
    }
}
