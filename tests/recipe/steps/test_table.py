from heldout.recipe.steps import STEPS


def test_names_carry_versions_and_agree_with_the_steps():
    for name, step in STEPS.items():
        assert step.name == name
        assert name.rpartition("@")[2].isdigit()


def test_every_rule_names_a_field_of_its_record():
    for step in STEPS.values():
        assert set(step.asked_rules) == set(step.asked_record.__dataclass_fields__)
        assert set(step.fitted_rules) == set(step.fitted_record.__dataclass_fields__)
