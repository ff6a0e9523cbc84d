<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>dashboard</name>
    <message numerus="yes">
        <source>%n part(s) are older.</source>
        <translation>
            <numerusform>%n part is older.</numerusform>
            <numerusform>%n parts are older.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n part(s) are not available.</source>
        <translation>
            <numerusform>%n part is not available.</numerusform>
            <numerusform>%n parts are not available.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message numerus="yes">
        <source>%n entry(ies) are not at the school yet</source>
        <translation>
            <numerusform>%n entry is not at the school yet</numerusform>
            <numerusform>%n entries are not at the school yet</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n record(s) hold changes that are not saved yet. They are lost when you quit.</source>
        <translation>
            <numerusform>%n record holds changes that are not saved yet. They are lost when you quit.</numerusform>
            <numerusform>%n records hold changes that are not saved yet. They are lost when you quit.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SignOutQuestion</name>
    <message numerus="yes">
        <source>%n entry(ies) are not at the school yet.</source>
        <translation>
            <numerusform>%n entry is not at the school yet.</numerusform>
            <numerusform>%n entries are not at the school yet.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>store</name>
    <message numerus="yes">
        <source>%n waiting entry(ies) were saved from it.</source>
        <translation>
            <numerusform>%n waiting entry was saved from it.</numerusform>
            <numerusform>%n waiting entries were saved from it.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Up to %n entry(ies) are missing.</source>
        <translation>
            <numerusform>%n entry is missing.</numerusform>
            <numerusform>Up to %n entries are missing.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n entry(ies) about this person still waited here.</source>
        <translation>
            <numerusform>%n entry about this person still waited here.</numerusform>
            <numerusform>%n entries about this person still waited here.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n could not be read.</source>
        <translation>
            <numerusform>%n could not be read.</numerusform>
            <numerusform>%n could not be read.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ClassesPage</name>
    <message numerus="yes">
        <source>%n class(es)</source>
        <translation>
            <numerusform>%n class</numerusform>
            <numerusform>%n classes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>StudentsPage</name>
    <message numerus="yes">
        <source>%n student(s)</source>
        <translation>
            <numerusform>%n student</numerusform>
            <numerusform>%n students</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>entries</name>
    <message numerus="yes">
        <source>%n attempt(s)</source>
        <translation>
            <numerusform>%n attempt</numerusform>
            <numerusform>%n attempts</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>and %n more</numerusform>
            <numerusform>and %n more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>moments</name>
    <message numerus="yes">
        <source>%n day(s) ago</source>
        <translation>
            <numerusform>%n day ago</numerusform>
            <numerusform>%n days ago</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n hour(s) ago</source>
        <translation>
            <numerusform>%n hour ago</numerusform>
            <numerusform>%n hours ago</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s) ago</source>
        <translation>
            <numerusform>%n minute ago</numerusform>
            <numerusform>%n minutes ago</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n second(s) ago</source>
        <translation>
            <numerusform>%n second ago</numerusform>
            <numerusform>%n seconds ago</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>in %n minute(s)</source>
        <translation>
            <numerusform>in %n minute</numerusform>
            <numerusform>in %n minutes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>in %n second(s)</source>
        <translation>
            <numerusform>in %n second</numerusform>
            <numerusform>in %n seconds</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>status</name>
    <message numerus="yes">
        <source>%n proposal(s) wait for your decision</source>
        <translation>
            <numerusform>%n proposal waits for your decision</numerusform>
            <numerusform>%n proposals wait for your decision</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n not accepted</source>
        <translation>
            <numerusform>%n not accepted</numerusform>
            <numerusform>%n not accepted</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n entry(ies) were not accepted by the registrar.</source>
        <translation>
            <numerusform>%n entry was not accepted by the registrar.</numerusform>
            <numerusform>%n entries were not accepted by the registrar.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n entry(ies) wait for the registrar's decision.</source>
        <translation>
            <numerusform>%n entry waits for the registrar's decision.</numerusform>
            <numerusform>%n entries wait for the registrar's decision.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n entry(ies) are on the way to the school.</source>
        <translation>
            <numerusform>%n entry is on the way to the school.</numerusform>
            <numerusform>%n entries are on the way to the school.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n entry(ies) need your decision.</source>
        <translation>
            <numerusform>%n entry needs your decision.</numerusform>
            <numerusform>%n entries need your decision.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n needs you</source>
        <translation>
            <numerusform>%n needs you</numerusform>
            <numerusform>%n need you</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n waiting</source>
        <translation>
            <numerusform>%n waiting</numerusform>
            <numerusform>%n waiting</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>decisions</name>
    <message numerus="yes">
        <source>The registrar did not accept %n entry(ies): not at the school.</source>
        <translation>
            <numerusform>The registrar did not accept %n entry. It is not at the school.</numerusform>
            <numerusform>The registrar did not accept %n entries. They are not at the school.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>The registrar accepted %n entry(ies): at the school.</source>
        <translation>
            <numerusform>The registrar accepted %n entry. It is at the school.</numerusform>
            <numerusform>The registrar accepted %n entries. They are at the school.</numerusform>
        </translation>
    </message>
</context>
</TS>
