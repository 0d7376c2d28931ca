"""Alert sensors: one per kind of alert. What each watches is in ``watch_*``, what it means in the decision modules."""
