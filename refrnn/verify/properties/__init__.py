"""What holds for any right backend, whatever the equation: each property a function, each with a planted fault in the tests.

A property takes (spec, truth, backend) and returns in words what does not hold, or None.
"""

from refrnn.verify.backends import KERNELS, Finding, name_of
from refrnn.verify.properties.chunks import chunks_join, errors_join, learned_starts_may_be_given_for_each_sequence
from refrnn.verify.properties.copies import copies_answer_alike
from refrnn.verify.properties.digits import every_digit_counts, extended_precision_is_kept
from refrnn.verify.properties.forks import children_answer_alike
from refrnn.verify.properties.layers import binding_changes_nothing, calls_of_a_layer_do_not_touch, layers_of_many_answer_as_runs
from refrnn.verify.properties.layouts import layout_does_not_matter
from refrnn.verify.properties.memory import bits_by_memory, checkpoints_change_nothing, memory_that_is_used_again_is_as_new
from refrnn.verify.properties.memory import runs_that_nobody_goes_back_through_change_nothing
from refrnn.verify.properties.modules import modules_of_ones_own_are_run_themselves
from refrnn.verify.properties.refusals import refusals_name_the_place
from refrnn.verify.properties.sharing import arguments_are_not_written, arguments_are_read_anew, results_are_their_own, runs_do_not_share
from refrnn.verify.properties.sharing import sequences_do_not_touch, sequences_of_an_own_batch_are_alone, state_is_its_own
from refrnn.verify.properties.sharing import what_changes_hands_may_be_written_into
from refrnn.verify.properties.threads import calls_at_once_do_not_touch, threads_agree, threads_agree_in_a_crowd
from refrnn.verify.properties.way_back import backward_repeats, errors_go_where_the_equation_sends_them, missing_upstream_is_zero, upstream_adds_up_over_steps, upstream_is_linear


def properties(spec, truth, backend, level="full"):
    """The findings of all properties that a level asks on one case."""
    checks = _of_level(spec, truth, backend, level)
    found = [(check, _checked_by(check, spec, truth, backend)) for check in checks]
    return [Finding(name_of(backend), truth.case.name, f"{text} in case {truth.case.name}") for _, text in found if text]


def _of_level(spec, truth, backend, level):
    """At the quick level sequences of all lengths are asked everything, and whole ones what takes another way with them."""
    others = KERNEL_PROPERTIES if backend in KERNELS else REFERENCE_PROPERTIES if backend == "reference" and spec.group else ()
    if level != "quick":
        return PROPERTIES + others + (FULL_PROPERTIES if backend in KERNELS else ())
    if not spec.time or truth.case.ragged:
        return PROPERTIES + others
    return OF_WHOLE_SEQUENCES + (KERNELS_OF_WHOLE_SEQUENCES if backend in KERNELS else ())


def of_choices(spec, truth, backend):
    """The findings on a case of one of the functions that a constant chooses between: errors may be cut off by one of them alone."""
    text = _checked_by(errors_go_where_the_equation_sends_them, spec, truth, backend)
    return [Finding(name_of(backend), truth.case.name, f"{text} in case {truth.case.name}")] if text else []


def of_wide_work(spec, truth, backend):
    """The findings on a case of many numbers, which threads share; or of many units in a batch, where some parts of units are not whole."""
    text = _checked_by(bits_by_memory if spec.batched or spec.batch else threads_agree, spec, truth, backend)
    return [Finding(name_of(backend), truth.case.name, f"{text} in case {truth.case.name}")] if text else []


def _checked_by(check, spec, truth, backend):
    try:
        return check(spec, truth, backend)
    except Exception as error:  # a backend is anyone's code: what it raises is a finding
        return f"{check.__name__.strip('_').replace('_', ' ')}: raises {type(error).__name__} ({error})"


PROPERTIES = (
    upstream_is_linear,
    missing_upstream_is_zero,
    upstream_adds_up_over_steps,
    backward_repeats,
    errors_go_where_the_equation_sends_them,
    sequences_do_not_touch,
    sequences_of_an_own_batch_are_alone,
    layout_does_not_matter,
    arguments_are_not_written,
    results_are_their_own,
    runs_do_not_share,
    what_changes_hands_may_be_written_into,
    state_is_its_own,
    arguments_are_read_anew,
    every_digit_counts,
    chunks_join,
    errors_join,
    learned_starts_may_be_given_for_each_sequence,
    binding_changes_nothing,
    calls_of_a_layer_do_not_touch,
)
KERNEL_PROPERTIES = (
    threads_agree, memory_that_is_used_again_is_as_new, checkpoints_change_nothing, calls_at_once_do_not_touch,
    copies_answer_alike, layers_of_many_answer_as_runs, runs_that_nobody_goes_back_through_change_nothing,
    modules_of_ones_own_are_run_themselves, refusals_name_the_place, children_answer_alike,
)  # fmt: skip
FULL_PROPERTIES = (threads_agree_in_a_crowd,)
# Where no lengths are given, or a stream has no end, a backend goes another way.
OF_WHOLE_SEQUENCES = (chunks_join, errors_join, binding_changes_nothing, calls_of_a_layer_do_not_touch)
# A kernel reads them where they are, and its last state is a row of them: nothing is put in order.
KERNELS_OF_WHOLE_SEQUENCES = (what_changes_hands_may_be_written_into, state_is_its_own)
REFERENCE_PROPERTIES = (extended_precision_is_kept,)
