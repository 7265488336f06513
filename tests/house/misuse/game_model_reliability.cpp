// says: "judge_reliability needs a prior on the scores"
//
// A likelihood that is flat far out may have no maximum.
#include <preflearn/ranking/model/game_model.hpp>

preflearn::game_model model{.judges = preflearn::judge_reliability{}};
