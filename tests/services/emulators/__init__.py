"""Google's services as emulators in processes of their own, for the demo of the stream and for the tests."""
