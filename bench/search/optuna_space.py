"""Spaces as search_quality and front_quality print them, for Optuna."""
import sys


def is_active(when, config):
    def holds(name, values):
        return name in config and config[name] in (values if isinstance(values, list) else [values])
    return all(holds(*each) for each in when.items())


def suggest(trial, space):
    config = {}
    for name, form in space.items():
        if not is_active(form.get("when", {}), config):
            continue
        kind, what = next((k, v) for k, v in form.items() if k != "when")
        if kind in ("uniform", "loguniform"):
            config[name] = trial.suggest_float(name, what[0], what[1], log=kind == "loguniform")
        elif kind == "quniform":
            index = trial.suggest_int(name, 0, round((what[1] - what[0]) / what[2]))
            config[name] = min(what[0] + index * what[2], what[1])
        elif kind in ("randint", "lograndint"):
            config[name] = trial.suggest_int(name, what[0], what[1] - 1, log=kind == "lograndint")
        elif kind == "ordinal":
            config[name] = what[trial.suggest_int(name, 0, len(what) - 1)]
        elif kind == "choice":
            config[name] = trial.suggest_categorical(name, what)
        else:
            sys.exit(f"{kind} is not translated for Optuna")
    return config
