"""Where things are: Italian addresses, the gazetteer, geocoders and travel matrices."""
