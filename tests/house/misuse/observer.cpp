// says: "an observer is called with (const training_step&) or with (const training_step&, const training_run&) and
// returns nothing or whether the run goes on, or has members"
//
// It takes the loss.
const preflearn::training_options options{.observers = {[](double) {}}};
