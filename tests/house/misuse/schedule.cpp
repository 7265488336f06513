// says: "a schedule is preflearn::schedule::constant, linear or cosine, or a callable, const, from the share of the
// steps that are done, a double in [0, 1), to the factor of the learning rate"
//
// It counts steps.
const preflearn::training_options options{.schedule = [](int step, int steps) { return 1.0 - double(step) / steps; }};
