//! As much of JSON Schema as the schemas of this repository use. A word it does not know is a failure, so that a schema
//! cannot ask for what nobody looks at. `./ci.sh schema` holds the same files against an independent validator.

use serde_json::Value;

/// Every place where `value` is not what `schema` asks for; empty when it is.
pub(crate) fn complaints(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(schema, schema, value, "$", &mut found);
    found
}

fn look(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (word, asked) in schema.as_object().unwrap() {
        if let Some(complaint) = judge(root, schema, value, at, (word, asked), found) {
            found.push(format!("{at}: {complaint}"));
        }
    }
}

fn judge(
    root: &Value,
    schema: &Value,
    value: &Value,
    at: &str,
    (word, asked): (&str, &Value),
    found: &mut Vec<String>,
) -> Option<String> {
    let length = value.as_array().map(|items| items.len() as u64);
    match word {
        "$schema" | "title" | "description" | "$defs" => None,
        "$ref" => {
            let path = asked.as_str().unwrap().trim_start_matches('#');
            look(root, root.pointer(path).unwrap(), value, at, found);
            None
        }
        "type" => (!types(asked).any(|kind| is(kind, value))).then(|| format!("{value} is not {asked}")),
        "enum" => {
            (!asked.as_array().unwrap().contains(value)).then(|| format!("{value} is not one of {asked}"))
        }
        "minimum" => {
            value.as_i64().filter(|n| *n < asked.as_i64().unwrap()).map(|n| format!("{n} is too small"))
        }
        "maximum" => {
            value.as_u64().filter(|n| *n > asked.as_u64().unwrap()).map(|n| format!("{n} is too large"))
        }
        "minLength" => value.as_str().filter(|s| s.is_empty()).map(|_| "empty".to_owned()),
        "minItems" => length.filter(|n| *n < asked.as_u64().unwrap()).map(|n| format!("{n} items")),
        "maxItems" => length.filter(|n| *n > asked.as_u64().unwrap()).map(|n| format!("{n} items")),
        "required" => {
            let object = value.as_object()?;
            let names = asked.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
            names.filter(|name| !object.contains_key(*name)).map(|name| format!("no {name}")).next()
        }
        "properties" => {
            for (name, inner) in value.as_object()? {
                if let Some(schema) = asked.get(name) {
                    look(root, schema, inner, &format!("{at}.{name}"), found);
                }
            }
            None
        }
        "additionalProperties" => {
            assert_eq!(asked, &Value::Bool(false));
            let known = &schema["properties"];
            let extra = value.as_object()?.keys().find(|name| known.get(name.as_str()).is_none())?;
            Some(format!("{extra} is not in the schema"))
        }
        "items" => {
            for (index, item) in value.as_array()?.iter().enumerate() {
                look(root, asked, item, &format!("{at}[{index}]"), found);
            }
            None
        }
        "oneOf" => {
            let fits = asked.as_array().unwrap().iter().filter(|one| {
                let mut inner = Vec::new();
                look(root, one, value, at, &mut inner);
                inner.is_empty()
            });
            let fits = fits.count();
            (fits != 1).then(|| format!("{value} fits {fits} of its alternatives"))
        }
        _ => panic!("the schema's word {word:?} is not known here"),
    }
}

fn types(asked: &Value) -> impl Iterator<Item = &str> {
    let list = asked.as_array().map_or(std::slice::from_ref(asked), Vec::as_slice);
    list.iter().map(|kind| kind.as_str().unwrap())
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => panic!("the schema's type {kind:?} is not known here"),
    }
}
